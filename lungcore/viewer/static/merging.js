// What becomes of events that were not saved, for the reading changed elsewhere. Pure functions.
//
// A finding is one subject, what is said of the scan another. A subject that one side changed stays
// as that side has it. One that both changed is a clash: the reader chooses between what is there
// and the own events on top of it. An event and the undo that took it back cancel out. What cannot
// be put on top of the reading as it is now is left out and told: a signature, which was given to
// another reading; an undo of what is not the last change any more; what the server would refuse.

import { decide, foretold } from './model.js';

/**
 * @typedef {import('./model.js').Answer} Answer
 * @typedef {import('./model.js').Finding} Finding
 * @typedef {import('./model.js').ReadingEvent} ReadingEvent
 * @typedef {'mine' | 'theirs'} Choice
 * @typedef {{subject: string, events: ReadingEvent[]}} Clash
 * @typedef {{send: ReadingEvent[], clashes: Clash[], theirs: ReadingEvent[], refused: ReadingEvent[],
 *   same: ReadingEvent[]}} Merge
 *   send: still apply; clashes: a choice is missing; theirs: left out by choice; refused: cannot be
 *   put on top; same: what they came to is there already, or was there before them
 * @typedef {{kind: 'found' | 'added' | 'gone' | 'decided' | 'drawn' | 'labelled' | 'scan' | 'signed' | 'reopened',
 *   before: Finding | null, after: Finding | null}} Change
 */

const SCAN = 'scan';
const MARKS = ['accepted', 'edited', 'added'];
const WHOLE = ['sign', 'reopen', 'undo', 'redo'];
const SHAPE = /** @type {const} */ (['center_mm', 'diameter_mm', 'axes_mm', 'mask', 'calipers_mm']);

/** What an event is about. @param {ReadingEvent} event @returns {string} */
export const subjectOf = ({ kind, payload }) => (kind === 'scan' ? SCAN : payload.finding_uid);

/** @param {Answer} answer @param {string} uid */
const findingOf = ({ findings }, uid) => findings.find(({ finding_uid }) => finding_uid === uid) ?? null;

/** A value as text, whatever the order of its keys. @param {any} value @returns {string} */
function canonical(value) {
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  return `{${Object.keys(value).sort().map((key) => `${key}:${canonical(value[key])}`).join()}}`;
}

/** What a reader can change of a subject. @param {Answer} answer @param {string} subject */
function stateOf(answer, subject) {
  if (subject === SCAN) return canonical(answer.scan);
  const finding = findingOf(answer, subject);
  return finding && canonical([finding.state, finding.reason, finding.label, SHAPE.map((name) => finding[name])]);
}

/** The events without those that an undo among them took back, and without that undo. @param {ReadingEvent[]} events */
export function effective(events) {
  /** @type {ReadingEvent[]} */
  let kept = [];
  /** @type {ReadingEvent[]} */
  let undone = [];
  const without = (/** @type {ReadingEvent} */ gone) => kept.filter((event) => event !== gone);
  for (const event of events) {
    if (event.kind === 'undo') {
      const last = kept.findLast(({ kind }) => kind === 'redo' || !WHOLE.includes(kind));
      kept = last ? without(last) : [...kept, event];
      undone.push(last ?? event);
    } else if (event.kind === 'redo') {
      const last = undone.pop();
      kept = last?.kind === 'undo' ? without(last) : [...kept, last ?? event];
    } else {
      kept = [...kept, event];
      if (!WHOLE.includes(event.kind)) undone = [];
    }
  }
  return kept;
}

/** Whether the server would take the event. @param {Answer} answer @param {ReadingEvent} event */
function fits({ reading, findings }, { kind, payload }) {
  const isThere = findings.some(({ finding_uid }) => finding_uid === payload.finding_uid);
  if (reading.signed) return false;
  if (kind === 'scan') return !payload.no_nodules || !findings.some(({ state }) => MARKS.includes(state));
  return kind === 'add' ? !isThere : isThere;
}

/**
 * What becomes of `events`, which were made on `base`, now that the reading is `present`.
 * @param {Answer} base @param {Answer} present @param {ReadingEvent[]} events
 * @param {Record<string, Choice>} [choices] by subject
 * @returns {Merge}
 */
export function merged(base, present, events, choices = {}) {
  const kept = effective(events);
  const mine = foretold(base, kept);
  const isNoneNew = present.scan.no_nodules && !base.scan.no_nodules;
  const isMark = (/** @type {ReadingEvent} */ { kind }) => ['accept', 'edit', 'add'].includes(kind);
  // A mark takes "no nodules" back: who said so there must not be overruled unseen.
  const overrules = new Set(kept.filter((event) => isNoneNew && isMark(event)).map(subjectOf));
  /** @type {Merge} */
  const found = { send: [], clashes: [], theirs: [], refused: [], same: [] };
  let state = present;
  for (const event of kept) {
    if (WHOLE.includes(event.kind)) {
      found[isSameStack(base, present, event) ? 'send' : 'refused'].push(event);
      continue;
    }
    const subject = subjectOf(event);
    const [before, there, own] = [base, present, mine].map((answer) => stateOf(answer, subject));
    const isClash = before !== there || overrules.has(subject);
    if (isClash && (own === there || own === before)) found.same.push(event);
    else if (!fits(state, event)) found.refused.push(event);
    else if (isClash && choices[subject] !== 'mine') {
      if (choices[subject]) found.theirs.push(event);
      else open(found.clashes, subject, event);
    } else {
      found.send.push(event);
      state = decide(state, event);
    }
  }
  return found;
}

/** Whether an undo or a redo still means the change that it was meant for. @param {Answer} base @param {Answer} present @param {ReadingEvent} event */
function isSameStack(base, present, { kind }) {
  if (present.reading.signed || (kind !== 'undo' && kind !== 'redo')) return false;
  const target = /** @type {const} */ (`${kind}_target`);
  return base[target] !== null && base[target] === present[target];
}

/** @param {Clash[]} clashes @param {string} subject @param {ReadingEvent} event */
function open(clashes, subject, event) {
  const clash = clashes.find((one) => one.subject === subject);
  if (clash) clash.events.push(event);
  else clashes.push({ subject, events: [event] });
}

/** What is different in `present`, subject by subject. @param {Answer} base @param {Answer} present @returns {Change[]} */
export function changes(base, present) {
  const gone = base.findings.filter(({ finding_uid }) => !findingOf(present, finding_uid));
  const found = present.findings.flatMap((after) => changesOf(findingOf(base, after.finding_uid), after));
  const none = { before: null, after: null };
  /** @type {Change[]} */
  const rest = [];
  if (stateOf(base, SCAN) !== stateOf(present, SCAN)) rest.push({ kind: 'scan', ...none });
  if (base.reading.signed !== present.reading.signed) {
    rest.push({ kind: present.reading.signed ? 'signed' : 'reopened', ...none });
  }
  return [...found, ...gone.map((before) => ({ kind: /** @type {const} */ ('gone'), before, after: null })), ...rest];
}

/** @param {Finding | null} before @param {Finding} after @returns {Change[]} */
function changesOf(before, after) {
  if (!before && after.source === 'reader') return [{ kind: 'added', before, after }];
  if (!before) return [{ kind: after.state === 'machine' ? 'found' : 'decided', before, after }];
  const differs = (/** @type {(finding: Finding) => any} */ what) => canonical(what(before)) !== canonical(what(after));
  /** @type {[Change['kind'], boolean][]} */
  const kinds = [
    ['decided', differs(({ state, reason }) => [state, reason])],
    ['drawn', differs((finding) => SHAPE.map((name) => finding[name]))],
    ['labelled', differs(({ label }) => label)],
  ];
  return kinds.filter(([, is]) => is).map(([kind]) => ({ kind, before, after }));
}
