// What a reader can say of a nodule and of a scan, and what events say of it. Pure functions.

/**
 * @typedef {{attributes: Record<string, number>, nodule_type: string, lobe: string,
 *   confidence: number | null, comment: string}} NoduleLabel  what is not said is empty or null
 * @typedef {{no_nodules: boolean, quality: string, excluded: string}} ScanAnswer
 *   excluded: why the scan is of no use, or empty
 * @typedef {import('./texts.js').Translate} Translate
 * @typedef {{name: string, values: string[]}} Question
 */

/** The highest value of each attribute; the lowest is 1. @type {Record<string, number>} */
export const SCALES = {
  subtlety: 5,
  internal_structure: 4,
  calcification: 6,
  sphericity: 5,
  margin: 5,
  lobulation: 5,
  spiculation: 5,
  texture: 5,
  malignancy: 5,
};
export const NODULE_TYPES = ['solid', 'part_solid', 'ground_glass', 'calcified', 'perifissural', 'other'];
export const LOBES = ['right_upper', 'right_middle', 'right_lower', 'left_upper', 'lingula', 'left_lower'];
export const QUALITIES = ['good', 'limited', 'poor'];
const SURENESS = 5;

/** @type {NoduleLabel} */
export const UNSAID = { attributes: {}, nodule_type: '', lobe: '', confidence: null, comment: '' };
/** @type {ScanAnswer} */
export const NO_ANSWER = { no_nodules: false, quality: '', excluded: '' };

/** @param {string} name @param {number} most @returns {Question} */
function graded(name, most) {
  return { name, values: Array.from({ length: most }, (_, i) => String(i + 1)) };
}

/** What is asked of a nodule, in the order of the form. @type {Question[]} */
export const QUESTIONS = [
  { name: 'nodule_type', values: NODULE_TYPES },
  { name: 'lobe', values: LOBES },
  ...Object.entries(SCALES).map(([name, most]) => graded(name, most)),
  graded('confidence', SURENESS),
];

/** The answer to a question, as its field holds it. @param {NoduleLabel} label @param {string} name */
export function answerOf(label, name) {
  if (name in SCALES) return String(label.attributes[name] ?? '');
  return String(/** @type {Record<string, any>} */ (label)[name] ?? '');
}

/** The label with another answer; an empty one takes it back. @param {NoduleLabel} label @param {string} name @param {string} value @returns {NoduleLabel} */
export function answered(label, name, value) {
  if (name === 'confidence') return { ...label, confidence: value ? Number(value) : null };
  if (!(name in SCALES)) return { ...label, [name]: value };
  const { [name]: _, ...others } = label.attributes;
  return { ...label, attributes: value ? { ...others, [name]: Number(value) } : others };
}

/** What an event says of it: only what was said. @param {NoduleLabel | ScanAnswer} said @returns {Record<string, any>} */
export function payloadOf(said) {
  const isSaid = (/** @type {[string, any]} */ [, value]) => value && (typeof value !== 'object' || Object.keys(value).length > 0);
  return Object.fromEntries(Object.entries(said).filter(isSaid));
}

/** What an event says, whole. @param {Record<string, any>} payload @returns {NoduleLabel} */
export function labelOf({ finding_uid: _, ...payload }) {
  return { ...UNSAID, ...payload };
}
