// A nodule's size by the guidelines, step by step as `lungcore/findings/measurement.py` takes it:
// the server's figures count, these show before it has answered, and where the axes lie.

import { count, outline } from './mask.js';

/**
 * @typedef {import('./geometry.js').Index} Index
 * @typedef {import('./mask.js').Mask} Mask
 * @typedef {[number, number]} PlanePoint  mm along the columns and the rows of a slice
 * @typedef {[PlanePoint, PlanePoint]} Segment
 * @typedef {{long_mm: number, short_mm: number, volume_mm3: number}} Measured
 * @typedef {{slice: number, long: Segment, short: Segment}} Calipers
 */

const SLICE = { through: 0, down: 1, across: 2 };
const SAME_MM = 1e-9; // lengths nearer to each other than this are taken as the same

/** Rounded half up, also a half that floating point left short, as the server rounds. @param {number} value */
export const oneDecimal = (value) => Math.floor(value * 10 + 0.5 + 1e-6) / 10;

/** The guideline's diameter: the mean of both axes to one decimal. @param {Measured} measured */
export function meanDiameter({ long_mm, short_mm }) {
  const tenths = Math.round(long_mm * 10) + Math.round(short_mm * 10);
  return Math.floor((tenths + 1) / 2) / 10;
}

/** What a mask measures, and where its axes lie. @param {Mask} mask @param {Index} spacing @param {number} voxelMm3 */
export function measureMask(mask, spacing, voxelMm3) {
  const calipers = maskCalipers(mask, spacing);
  const measured = {
    long_mm: oneDecimal(lengthOf(calipers.long)),
    short_mm: oneDecimal(lengthOf(calipers.short)),
    volume_mm3: oneDecimal(count(mask) * voxelMm3),
  };
  return { calipers, measured };
}

/** @param {[number, number, number]} axes_mm along column, row and slice @param {number} tilt below 1 where slices are not stacked upright @returns {Measured} */
export function measureEllipsoid(axes_mm, tilt) {
  const [column_mm, row_mm, slice_mm] = axes_mm;
  return {
    long_mm: oneDecimal(Math.max(column_mm, row_mm)),
    short_mm: oneDecimal(Math.min(column_mm, row_mm)),
    volume_mm3: oneDecimal((Math.PI / 6) * column_mm * row_mm * slice_mm * tilt),
  };
}

/** What axes set by hand measure: the longer is the long one. @param {number} first @param {number} second mm @param {number} volume_mm3 @returns {Measured} */
export function measureByHand(first, second, volume_mm3) {
  const [short, long] = first < second ? [first, second] : [second, first];
  return { long_mm: oneDecimal(long), short_mm: oneDecimal(short), volume_mm3 };
}

/** The slice on which the mask's area is largest. @param {Mask} mask */
export function largestSlice({ origin, shape, voxels }) {
  const size = shape[1] * shape[2];
  let [best, most] = [0, -1];
  for (let s = 0; s < shape[0]; s++) {
    let area = 0;
    for (let i = s * size; i < (s + 1) * size; i++) area += voxels[i];
    if (area > most) [best, most] = [s, area];
  }
  return origin[0] + best;
}

/** The axes on the largest slice. @param {Mask} mask @param {Index} spacing @returns {Calipers} */
export function maskCalipers(mask, [, rowMm, columnMm]) {
  const slice = largestSlice(mask);
  const inMm = (/** @type {number} */ column, /** @type {number} */ row) =>
    /** @type {PlanePoint} */ ([column * columnMm, row * rowMm]);
  const hull = hullOf(outline(mask, SLICE, slice).flatMap(([a, b, c, d]) => [inMm(a, b), inMm(c, d)]));
  const long = longest(hull);
  return { slice, long, short: widestAcross(hull, long) };
}

/** @param {Segment} segment */
export function lengthOf([[ax, ay], [bx, by]]) {
  return Math.sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay));
}

/** The convex hull's corners from the lowest x on (Andrew's monotone chain). @param {PlanePoint[]} points @returns {PlanePoint[]} */
function hullOf(points) {
  const ordered = points.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (/** @type {PlanePoint[]} */ along) => {
    /** @type {PlanePoint[]} */
    const chain = [];
    for (const point of along) {
      while (chain.length > 1 && turn(chain[chain.length - 2], chain[chain.length - 1], point) <= SAME_MM) {
        chain.pop();
      }
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  return [...half(ordered), ...half(ordered.toReversed())];
}

/** @param {PlanePoint} a @param {PlanePoint} b @param {PlanePoint} c */
function turn(a, b, c) {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/** @param {PlanePoint[]} hull @returns {Segment} */
function longest(hull) {
  /** @type {Segment} */
  let best = [hull[0], hull[1]];
  hull.forEach((a, i) => {
    for (const b of hull.slice(i + 1)) {
      if (lengthOf([a, b]) > lengthOf(best) + SAME_MM) best = [a, b];
    }
  });
  return best;
}

/**
 * The longest chord at right angles to `long`. One of the longest begins at a corner: a convex
 * polygon's width is concave and bends at corners only.
 * @param {PlanePoint[]} hull @param {Segment} long @returns {Segment}
 */
function widestAcross(hull, long) {
  const [[ax, ay], [bx, by]] = long;
  const length = lengthOf(long);
  const [ux, uy] = [(bx - ax) / length, (by - ay) / length];
  /** @type {Segment} */
  let best = [hull[0], hull[0]];
  for (const corner of hull) {
    const chord = chordOf(hull, corner, ux, uy);
    if (lengthOf(chord) > lengthOf(best) + SAME_MM) best = chord;
  }
  return best;
}

/** The part within the hull of the line through a corner across a direction. @param {PlanePoint[]} hull @param {PlanePoint} through @param {number} ux @param {number} uy @returns {Segment} */
function chordOf(hull, through, ux, uy) {
  const at = through[0] * ux + through[1] * uy;
  /** @type {number[]} */
  const heights = [];
  hull.forEach(([px, py], i) => {
    const [qx, qy] = hull[(i + 1) % hull.length];
    const [p, q] = [px * ux + py * uy - at, qx * ux + qy * uy - at];
    if (Math.min(p, q) > SAME_MM || Math.max(p, q) < -SAME_MM) return;
    const isAlong = Math.abs(q - p) <= SAME_MM;
    const share = isAlong ? 0 : -p / (q - p);
    const [x, y] = [px + share * (qx - px), py + share * (qy - py)];
    heights.push(-x * uy + y * ux);
    if (isAlong) heights.push(-qx * uy + qy * ux);
  });
  const end = (/** @type {number} */ height) =>
    /** @type {PlanePoint} */ ([at * ux - height * uy, at * uy + height * ux]);
  return [end(Math.min(...heights)), end(Math.max(...heights))];
}
