// The reading: findings as the reader sees them, which are the server's last answer with the
// events on top that are still on their way. Pure functions.

import { NO_ANSWER, labelOf } from './said.js';

/**
 * @typedef {import('./geometry.js').Point} Point
 * @typedef {'machine' | 'accepted' | 'edited' | 'rejected' | 'added' | 'other'} FindingState
 *   other: another reader's
 * @typedef {{finding_uid: string, center_mm: Point, diameter_mm: number,
 *   probability: number | null, malignancy: number | null, state: FindingState, reason: string,
 *   words: string[], source: 'machine' | 'reader', axes_mm: Axes | null, mask: string | null,
 *   reader?: string, reader_number?: number, calipers_mm: Point[] | null, measured: import('./calipers.js').Measured | null,
 *   label: import('./said.js').NoduleLabel | null}} Finding
 *   axes_mm: of an ellipsoid, a sphere without; mask: its id; calipers_mm: both ends of the long
 *   axis, then of the short, where they were set by hand; reader_number: among those who are shown
 * @typedef {[number, number, number]} Axes  whole lengths along column, row and slice
 * @typedef {{center_mm: Point, diameter_mm: number, axes_mm?: Axes, mask?: string,
 *   calipers_mm?: Point[], measured?: import('./calipers.js').Measured}} Shape  what an event says
 * @typedef {{reading_id: number | string, version: number, signed: boolean,
 *   signed_at: string | null, reader: string, saved_at: string | null, round: string | null}} ReadingHead
 * @typedef {{reading: ReadingHead, findings: Finding[], scan: import('./said.js').ScanAnswer, can_undo: boolean,
 *   undo_target: string | null, can_redo: boolean, redo_target: string | null}} Answer
 *   undo_target: the event that an undo takes back; redo_target: that a redo brings back
 * @typedef {'accept' | 'reject' | 'edit' | 'add' | 'label' | 'scan' | 'undo' | 'redo' | 'sign' | 'reopen'} EventKind
 * @typedef {{event_uid: string, kind: EventKind, payload: Record<string, any>}} ReadingEvent
 */

export const SMALLEST_MM = 1;
export const LARGEST_MM = 200;
export const DEFAULT_MM = 8;
export const REASONS = ['vessel', 'scar', 'lymph_node', 'artefact', 'other'];

/** A new DICOM UID from 128 random bits (PS3.5 B.2). */
export function newUid() {
  const words = crypto.getRandomValues(new BigUint64Array(2));
  const version4 = (words[0] & ~0xf000n) | 0x4000n;
  const variant = (words[1] & ~(3n << 62n)) | (2n << 62n);
  return `2.25.${(version4 << 64n) | variant}`;
}

/** @param {EventKind} kind @param {Record<string, any>} payload @returns {ReadingEvent} */
export function newEvent(kind, payload = {}) {
  return { event_uid: newUid(), kind, payload };
}

/** Without the machine's findings that are less probable, as far as nobody has decided on them. @param {Finding[]} findings @param {number} least 0 to 1 */
export function probable(findings, least) {
  return findings.filter(({ state, probability }) => state !== 'machine' || (probability ?? 1) >= least);
}

/** @param {Finding[]} findings @param {string} uid @param {Partial<Finding>} change */
function changed(findings, uid, change) {
  return findings.map((finding) =>
    finding.finding_uid === uid ? { ...finding, ...change } : finding,
  );
}

/** What an accepted finding is: an edit stays an edit, a reader's own mark stays added. @param {Finding} finding @returns {FindingState} */
function keptState({ source, state }) {
  if (source === 'reader') return 'added';
  return state === 'edited' ? 'edited' : 'accepted';
}

/** @param {Answer} answer @param {Finding[]} findings @returns {Answer} */
const withFindings = (answer, findings) => ({ ...answer, findings, can_undo: true, can_redo: false });

/** Who keeps or adds a mark takes "no nodules" back. @param {Answer} answer @param {Finding[]} findings @returns {Answer} */
const withMark = (answer, findings) => ({ ...withFindings(answer, findings), scan: { ...answer.scan, no_nodules: false } });

/**
 * The answer that the server will give after events on their way, as far as it can be foretold:
 * what an undo takes back of before them only the server knows.
 * @param {Answer} answer @param {ReadingEvent[]} events @returns {Answer}
 */
export function foretold(answer, events) {
  /** @type {Answer[]} */
  const past = [];
  /** @type {Answer[]} */
  let undone = [];
  let present = answer;
  for (const event of events) {
    if (event.kind === 'undo' || event.kind === 'redo') {
      const [from, to] = event.kind === 'undo' ? [past, undone] : [undone, past];
      const other = from.pop();
      if (!other) continue;
      to.push(present);
      present = { ...other, can_undo: other.can_undo || past.length > 0, can_redo: undone.length > 0 };
    } else {
      if (event.kind !== 'sign' && event.kind !== 'reopen') [past[past.length], undone] = [present, []];
      present = decide(present, event);
    }
  }
  return present;
}

/** The answer to one event that is no undo and no redo. @param {Answer} answer @param {ReadingEvent} event @returns {Answer} */
export function decide(answer, { kind, payload }) {
  const { findings } = answer;
  const uid = payload.finding_uid;
  const finding = findings.find((one) => one.finding_uid === uid);
  switch (kind) {
    case 'accept':
      if (!finding) return answer;
      return withMark(
        answer,
        changed(findings, uid, { state: keptState(finding), reason: '' }),
      );
    case 'reject':
      return withFindings(
        answer,
        changed(findings, uid, { state: 'rejected', reason: payload.reason }),
      );
    case 'edit':
      if (!finding) return answer;
      return withMark(
        answer,
        changed(findings, uid, {
          ...shapeOf(payload),
          state: finding.source === 'reader' ? 'added' : 'edited',
          reason: '',
        }),
      );
    case 'add':
      return withMark(answer, [...findings, addedFinding(uid, /** @type {Shape} */ (payload))]);
    case 'label':
      return withFindings(answer, changed(findings, uid, { label: labelOf(payload) }));
    case 'scan':
      return { ...withFindings(answer, findings), scan: { ...NO_ANSWER, ...payload } };
    case 'sign':
    case 'reopen':
      return { ...answer, reading: { ...answer.reading, signed: kind === 'sign' } };
    default:
      return answer;
  }
}

/** The whole shape that an event says: what it leaves out is gone. @param {Record<string, any>} payload */
export function shapeOf({ center_mm, diameter_mm, axes_mm = null, mask = null, calipers_mm = null, measured = null }) {
  return { center_mm, diameter_mm, axes_mm, mask, calipers_mm, measured };
}

/** @param {string} finding_uid @param {Shape} shape @returns {Finding} */
export function addedFinding(finding_uid, shape) {
  return {
    finding_uid,
    ...shapeOf(shape),
    probability: null,
    malignancy: null,
    words: [],
    state: 'added',
    reason: '',
    source: 'reader',
    label: null,
  };
}

/**
 * The finding `steps` after the selected one in the list, around its ends; the first (or last)
 * when none is selected; null in an empty list.
 * @param {Finding[]} findings @param {string | null} selected @param {1 | -1} steps
 */
export function neighbour(findings, selected, steps) {
  if (!findings.length) return null;
  const at = findings.findIndex((finding) => finding.finding_uid === selected);
  if (at < 0) return findings.at(steps > 0 ? 0 : -1)?.finding_uid ?? null;
  return findings[(at + steps + findings.length) % findings.length].finding_uid;
}

/** How many findings are in each state. @param {Finding[]} findings @returns {Record<FindingState, number>} */
export function tally(findings) {
  const counts = { machine: 0, accepted: 0, edited: 0, rejected: 0, added: 0, other: 0 };
  for (const { state } of findings) counts[state] += 1;
  return counts;
}
