// From what a reader drew to what an event says of it.

import { maskCalipers, measureByHand, measureEllipsoid, measureMask, meanDiameter } from './calipers.js';
import { ellipsoidMask } from './brush.js';
import { axesOf, halfLengths, isInside } from './ellipsoid.js';
import { centroid } from './mask.js';
import { shapeOf } from './model.js';

/**
 * @typedef {import('./geometry.js').Grid} Grid
 * @typedef {import('./geometry.js').Point} Point
 * @typedef {import('./geometry.js').Index} Index
 * @typedef {import('./mask.js').Mask} Mask
 * @typedef {import('./model.js').Axes} Axes
 * @typedef {import('./model.js').Finding & {drawn?: Mask}} Finding
 *   drawn: a mask under way, in place of the one that is stored
 * @typedef {{finding_uid: string, isNew?: boolean, drawn?: Mask} & import('./model.js').Shape} Draft
 *   what a drag under way would make
 */

const NEAR_MM = 2; // that a click may be off a finding
const FAR_MM = 20; // from a finding: what is painted there is another one

/** Below 1 where slices are not stacked upright. @param {Grid} grid */
const tiltOf = ({ volumeMm3, spacing }) => Math.abs(volumeMm3) / (spacing[0] * spacing[1] * spacing[2]);

/** @param {Grid} grid @param {string} finding_uid @param {Point} center_mm @param {Axes} axes_mm @returns {Draft} */
export function ellipsoidDraft(grid, finding_uid, center_mm, axes_mm) {
  const measured = measureEllipsoid(axes_mm, tiltOf(grid));
  return { finding_uid, center_mm, diameter_mm: meanDiameter(measured), axes_mm, measured };
}

/** @param {Grid} grid @param {string} finding_uid @param {Mask} mask of which something is set @returns {Draft} */
export function maskDraft(grid, finding_uid, mask) {
  const { measured } = measureMask(mask, grid.spacing, Math.abs(grid.volumeMm3));
  const center_mm = grid.toMm(centroid(mask));
  return { finding_uid, center_mm, diameter_mm: meanDiameter(measured), measured, drawn: mask };
}

/** A finding with its calipers set by hand. @param {Grid} grid @param {Finding} finding @param {Point[]} calipers_mm @returns {Draft} */
export function calipersDraft(grid, finding, calipers_mm) {
  const volume = finding.measured ?? measureEllipsoid(axesOf(finding), tiltOf(grid));
  const [first, second] = [0, 2].map((i) => distance(calipers_mm[i], calipers_mm[i + 1]));
  const measured = measureByHand(first, second, volume.volume_mm3);
  const { center_mm, axes_mm, mask } = shapeOf(finding);
  const kept = { ...(axes_mm && { axes_mm }), ...(mask && { mask }) };
  const { finding_uid } = finding;
  return { finding_uid, center_mm, diameter_mm: meanDiameter(measured), ...kept, calipers_mm, measured };
}

/** @param {Point} a @param {Point} b */
export function distance(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/** A finding as a mask: its own, or the ellipsoid that stands for it. @param {Grid} grid @param {Finding} finding @param {Mask | null} mask */
export function asMask(grid, finding, mask) {
  if (mask) return mask;
  return ellipsoidMask(grid.toIndex(finding.center_mm), halfLengths(finding, grid.spacing), grid.shape);
}

/** Where the ends of the axes lie: set by hand, of the mask, or of the ellipsoid. @param {Grid} grid @param {Finding} finding @param {Mask | null} mask @returns {Point[]} */
export function calipersOf(grid, finding, mask) {
  if (finding.calipers_mm) return finding.calipers_mm;
  if (!mask) return ellipsoidCalipers(grid, finding);
  const { slice, long, short } = maskCalipers(mask, grid.spacing);
  const [, rowMm, columnMm] = grid.spacing;
  return [...long, ...short].map(([x, y]) => grid.toMm([slice, y / rowMm, x / columnMm]));
}

/** @param {Grid} grid @param {Finding} finding @returns {Point[]} */
function ellipsoidCalipers(grid, finding) {
  const center = grid.toIndex(finding.center_mm);
  const half = halfLengths(finding, grid.spacing);
  const [column_mm, row_mm] = axesOf(finding);
  const axes = column_mm >= row_mm ? [2, 1] : [1, 2];
  return axes.flatMap((axis) =>
    [-1, 1].map((end) => {
      const at = /** @type {Index} */ ([Math.round(center[0]), center[1], center[2]]);
      at[axis] += end * half[axis];
      return grid.toMm(at);
    }),
  );
}

/** Whether an index lies within `mm` of a finding. @param {Grid} grid @param {Finding} finding @param {Mask | null} mask @param {Index} index @param {number} mm */
function isWithin(grid, finding, mask, index, mm) {
  const slack = grid.spacing.map((step) => mm / step);
  if (!mask) {
    const half = halfLengths(finding, grid.spacing);
    return isInside(index, grid.toIndex(finding.center_mm), half, slack);
  }
  const { origin, shape } = mask;
  return index.every((value, i) => value >= origin[i] - slack[i] && value < origin[i] + shape[i] + slack[i]);
}

/** The finding that a click on the image means, the nearest of them, or null. @param {Grid} grid @param {Finding[]} findings @param {(finding: Finding) => Mask | null} maskOf @param {Index} index */
export function findingAt(grid, findings, maskOf, index) {
  const here = grid.toMm(index);
  const off = (/** @type {Finding} */ { center_mm }) => distance(center_mm, here);
  const hit = findings.filter((finding) => isWithin(grid, finding, maskOf(finding), index, NEAR_MM));
  return hit.sort((a, b) => off(a) - off(b))[0] ?? null;
}

/** Whether paint there belongs to a finding: near enough to it. @param {Grid} grid @param {Finding} finding @param {Mask | null} mask @param {Index} index */
export function isPaintOf(grid, finding, mask, index) {
  return isWithin(grid, finding, mask, index, FAR_MM);
}
