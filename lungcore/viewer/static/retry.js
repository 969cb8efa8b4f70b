// When and whether a failed request is tried again.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

/** How long to wait after so many failures in a row, in ms. @param {number} failures 1 or more */
export function waitMs(failures) {
  return Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
}

/** Whether another try can mend it: no answer (0), a busy or a broken server. @param {number} status */
export function isPassing(status) {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}
