// How a place of the prior scan lies in the current one, and back. Pure functions.

/**
 * @typedef {import('../geometry.js').Point} Point
 * @typedef {'none' | 'frame' | 'lungs' | 'anchor'} LinkKind
 *   frame: one frame of reference; lungs: aligned by the lungs; anchor: by what the reader set
 * @typedef {{scale: Point, shift_mm: Point}} Link  prior * scale + shift is the place in the current
 * @typedef {{state: string, scale?: Point, shift_mm?: Point, overlap?: number, good?: boolean}} Alignment
 */

/** @type {Point} */
const ONE = [1, 1, 1];

/**
 * The link of a kind, or null where there is none. @param {LinkKind} kind
 * @param {Alignment | null} alignment @param {number} offsetMm  along z, of the anchor
 * @returns {Link | null}
 */
export function linkOf(kind, alignment, offsetMm) {
  if (kind === 'frame') return { scale: ONE, shift_mm: [0, 0, 0] };
  if (kind === 'anchor') return { scale: ONE, shift_mm: [0, 0, offsetMm] };
  if (kind !== 'lungs' || !alignment?.scale || !alignment.shift_mm) return null;
  return { scale: alignment.scale, shift_mm: alignment.shift_mm };
}

/** The kinds that these two scans can be linked by, the best first. @param {boolean} isOneFrame @param {Alignment | null} alignment @returns {LinkKind[]} */
export function kindsOf(isOneFrame, alignment) {
  /** @type {LinkKind[]} */
  const kinds = isOneFrame ? ['frame'] : [];
  if (alignment?.good) kinds.push('lungs');
  return [...kinds, 'anchor', 'none'];
}

/** What two scans are linked by until the reader chooses. @param {boolean} isOneFrame @param {Alignment | null} alignment @returns {LinkKind} */
export function firstKind(isOneFrame, alignment) {
  const [best] = kindsOf(isOneFrame, alignment);
  return best === 'anchor' ? 'none' : best; // nobody has set one
}

/** @param {Link} link @param {Point} point of the prior @returns {Point} */
export function toCurrent({ scale, shift_mm }, point) {
  const at = (/** @type {number} */ i) => point[i] * scale[i] + shift_mm[i];
  return [at(0), at(1), at(2)];
}

/** @param {Link} link @param {Point} point of the current scan @returns {Point} */
export function toPrior({ scale, shift_mm }, point) {
  const at = (/** @type {number} */ i) => (point[i] - shift_mm[i]) / scale[i];
  return [at(0), at(1), at(2)];
}
