// Redrawing only what changed.

/** A function that tells whether any of its values differs from those of its last call. */
export function watch() {
  /** @type {any[] | null} */
  let last = null;
  return (/** @type {any[]} */ ...values) => {
    const same = last !== null && values.every((value, i) => Object.is(value, last?.[i]));
    last = values;
    return !same;
  };
}
