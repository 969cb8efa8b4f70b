// What the server tells of an adjudication, and what is made of it for the screen. Pure functions.

import { NO_ANSWER } from '../said.js';

/**
 * @typedef {import('../model.js').Finding} Finding
 * @typedef {import('../texts.js').Translate} Translate
 * @typedef {'vote' | 'staple'} Method
 * @typedef {{reader: number, center_mm: import('../geometry.js').Point, diameter_mm: number | null,
 *   attributes: Record<string, number>, nodule_type: string, mask: string | null}} ReaderMark
 * @typedef {{seq: number, is_nodule: boolean, outline: Method | number,
 *   ratings: 'median' | number, reason: string}} Decision
 * @typedef {{disputes: string[], marks: ReaderMark[], is_voted: boolean, decision: Decision | null}} Group
 * @typedef {{seq: number, kind: string, at: string, by: string, said: Record<string, any>,
 *   in_force: boolean}} Act
 * @typedef {{seq: number, is_begun: boolean, is_finished: boolean, counts: number | null,
 *   is_stale: boolean, readers: string[], groups: Group[], history: Act[]}} Adjudication
 * @typedef {Adjudication & Pick<import('../review.js').Opened, 'series' | 'pixels'>} Opened
 */

const UNSIZED_MM = 3; // as marks without a size are matched
const FIRST_LETTER = 65; // A

/** What a reader is called: by a letter, which favours nobody, or by name. @param {string[]} names @param {boolean} areShown @param {Translate} t */
export function calledOf(names, areShown, t) {
  const letter = (/** @type {number} */ n) => (n < 26 ? String.fromCharCode(FIRST_LETTER + n) : String(n + 1));
  return names.map((name, n) => (areShown ? name : t('adjudicate_reader', { letter: letter(n) })));
}

/** All marks as the viewer draws them; the marks of a group share its number as uid. @param {Group[]} groups @param {string[]} called @returns {Finding[]} */
export function findingsOf(groups, called) {
  return groups.flatMap(({ marks }, number) =>
    marks.map((mark) => ({
      finding_uid: String(number),
      center_mm: mark.center_mm,
      diameter_mm: mark.diameter_mm ?? UNSIZED_MM,
      ...{ axes_mm: null, mask: mark.mask, calipers_mm: null, measured: null },
      ...{ probability: null, malignancy: null, words: [], reason: '', label: null },
      state: /** @type {const} */ ('other'),
      source: /** @type {const} */ ('reader'),
      reader: called[mark.reader],
      reader_number: mark.reader,
    })),
  );
}

/** What the viewer's review begins with: no reading of one's own. @param {Pick<Opened, 'series' | 'pixels'>} opened @param {Finding[]} findings @returns {import('../review.js').Opened} */
export function openedOf({ series, pixels }, findings) {
  return {
    ...{ series, pixels, findings, layers: [], also_read_by: [], prior: null, may_mark: false },
    reading: { reading_id: '', version: 0, signed: true, signed_at: null, reader: '', saved_at: null, round: null },
    ...{ scan: NO_ANSWER, can_undo: false, undo_target: null, can_redo: false, redo_target: null },
    detection: { job_id: null, state: 'none', step: '', fraction: 0, error: null },
    worklist_url: 'adjudication',
  };
}

/** What is chosen for a group first: its decision, or what most readers say. @param {Group} group @returns {{verdict: string, ratings: string}} */
export function chosenOf({ decision, is_voted }) {
  if (!decision) return { verdict: is_voted ? 'vote' : 'none', ratings: 'median' };
  return { verdict: decision.is_nodule ? String(decision.outline) : 'none', ratings: String(decision.ratings) };
}

/** What an event says of a choice. @param {number} group @param {string} verdict @param {string} ratings @param {string} reason */
export function payloadOf(group, verdict, ratings, reason) {
  if (verdict === 'none') return { group, nodule: false, reason };
  const whose = (/** @type {string} */ value) => (/^\d+$/.test(value) ? Number(value) : value);
  return { group, nodule: true, outline: whose(verdict), ratings: whose(ratings), reason };
}

/** The next group that nobody has decided, after `from` and around the end, or null. @param {Group[]} groups @param {number} from */
export function nextOpen(groups, from) {
  const order = groups.map((_, i) => (from + 1 + i) % groups.length);
  return order.find((number) => !groups[number].decision) ?? null;
}

/** How many are decided. @param {Group[]} groups */
export function decidedOf(groups) {
  return groups.filter(({ decision }) => decision).length;
}

/** The decision in words, or what most readers say while there is none. @param {Group} group @param {number} readers @param {string[]} called @param {Translate} t */
export function verdictText({ decision, is_voted, marks }, readers, called, t) {
  if (!decision) return t(is_voted ? 'adjudicate_most_say_nodule' : 'adjudicate_most_say_none', { n: marks.length, all: readers });
  if (!decision.is_nodule) return t('adjudicate_decided_none');
  const { outline } = decision;
  return t('adjudicate_decided_nodule', { outline: typeof outline === 'number' ? called[outline] : t(`method_${outline}`) });
}
