// Painting: strokes of a ball or a disc into a mask, slices between painted ones, shapes as masks.

import { distances } from './distance.js';
import { emptyMask, grownTo, inBox, offset } from './mask.js';

/**
 * @typedef {import('./geometry.js').Index} Index
 * @typedef {import('./mask.js').Mask} Mask
 * @typedef {{from: Index, to: Index, radius_mm: number, flat: number | null, erases: boolean}} Dab
 *   what one move of the pointer paints; flat: the axis of an index across which a disc lies; a ball without
 */

/** From `low` up to but without `high`, within the volume. @param {number[]} low @param {number[]} high @param {Index} shape */
function within(low, high, shape) {
  const first = low.map((value, axis) => Math.min(Math.max(Math.ceil(value), 0), shape[axis] - 1));
  const end = high.map((value, axis) => Math.min(Math.max(Math.floor(value) + 1, first[axis] + 1), shape[axis]));
  return { low: /** @type {Index} */ (first), high: /** @type {Index} */ (end) };
}

/**
 * The mask after a dab: what lies within its radius of the way is set or cleared, and the voxels
 * on the way itself even where the brush is smaller than a voxel.
 * @param {Mask | null} mask @param {Dab} dab @param {Index} shape of the volume
 * @param {Index} spacing mm along slice, row and column @returns {Mask}
 */
export function painted(mask, dab, shape, spacing) {
  const { from, to, radius_mm, flat, erases } = dab;
  const reach = spacing.map((mm, axis) => (axis === flat ? 0 : Math.max(radius_mm / mm, 0.5)));
  const low = from.map((value, axis) => Math.min(value, to[axis]) - reach[axis]);
  const high = from.map((value, axis) => Math.max(value, to[axis]) + reach[axis]);
  if (flat !== null) low[flat] = high[flat] = Math.round(from[flat]);
  const box = within(low, high, shape);
  const start = mask ?? emptyMask(box.low, [1, 1, 1]);
  const end = start.origin.map((first, axis) => first + start.shape[axis]);
  const after = erases ? inBox(start, start.origin, /** @type {Index} */ (end)) : grownTo(start, box.low, box.high);
  const isTouched = touches(dab, spacing);
  const value = erases ? 0 : 1;
  forEachIn(box, (s, r, c) => {
    const at = offset(after, [s, r, c]);
    if (at >= 0 && isTouched(s, r, c)) after.voxels[at] = value;
  });
  return after;
}

/** @param {{low: Index, high: Index}} box @param {(slice: number, row: number, column: number) => void} visit */
function forEachIn({ low, high }, visit) {
  for (let s = low[0]; s < high[0]; s++) {
    for (let r = low[1]; r < high[1]; r++) {
      for (let c = low[2]; c < high[2]; c++) visit(s, r, c);
    }
  }
}

/** Tells whether a dab covers the centre of a voxel, or its way runs through it. @param {Dab} dab @param {Index} spacing */
function touches({ from, to, radius_mm, flat }, spacing) {
  const [ms, mr, mc] = spacing.map((mm, axis) => (axis === flat ? 0 : mm)); // across a disc nothing counts
  const [ws, wr, wc] = [(to[0] - from[0]) * ms, (to[1] - from[1]) * mr, (to[2] - from[2]) * mc];
  const length = ws * ws + wr * wr + wc * wc;
  return (/** @type {number} */ s, /** @type {number} */ r, /** @type {number} */ c) => {
    let [ds, dr, dc] = [(s - from[0]) * ms, (r - from[1]) * mr, (c - from[2]) * mc];
    const share = length ? Math.min(Math.max((ds * ws + dr * wr + dc * wc) / length, 0), 1) : 0;
    ds -= share * ws;
    dr -= share * wr;
    dc -= share * wc;
    const isOnWay = Math.abs(ds) <= ms / 2 && Math.abs(dr) <= mr / 2 && Math.abs(dc) <= mc / 2;
    return isOnWay || ds * ds + dr * dr + dc * dc <= radius_mm * radius_mm;
  };
}

/**
 * An ellipsoid as a mask: the voxels whose centres lie in it, at least the one in its middle.
 * @param {Index} center @param {Index} half half its lengths, in voxels along slice, row and column
 * @param {Index} shape of the volume @returns {Mask}
 */
export function ellipsoidMask(center, half, shape) {
  const reach = half.map((voxels) => Math.max(voxels, 0.5));
  const low = center.map((value, axis) => value - reach[axis]);
  const box = within(low, center.map((value, axis) => value + reach[axis]), shape);
  const size = box.low.map((first, axis) => box.high[axis] - first);
  const mask = emptyMask(box.low, /** @type {Index} */ (size));
  const [ms, mr, mc] = center.map(Math.round);
  forEachIn(box, (s, r, c) => {
    const off = [(s - center[0]) / half[0], (r - center[1]) / half[1], (c - center[2]) / half[2]];
    const isMiddle = s === ms && r === mr && c === mc;
    if (isMiddle || Math.hypot(...off) <= 1) mask.voxels[offset(mask, [s, r, c])] = 1;
  });
  return mask;
}

/**
 * The mask with the planes between painted ones filled in: where the distances to the outlines of
 * the two neighbours, inside positive, weighted by nearness, add up to more than nothing (Raya and
 * Udupa, IEEE Trans Med Imaging 9:32-42, 1990). @param {Mask} mask @param {number} axis across the planes
 * @param {Index} spacing mm along slice, row and column @returns {Mask}
 */
export function interpolated(mask, axis, spacing) {
  const filled = { ...mask, voxels: mask.voxels.slice() };
  const planes = paintedPlanes(mask, axis);
  planes.slice(1).forEach((next, i) => {
    const last = planes[i];
    if (next - last < 2) return;
    const [before, after] = [last, next].map((at) => signedDistances(mask, axis, at, spacing));
    for (let at = last + 1; at < next; at++) {
      const share = (at - last) / (next - last);
      places(mask, axis, at).forEach((place, j) => {
        if ((1 - share) * before[j] + share * after[j] > 0) filled.voxels[place] = 1;
      });
    }
  });
  return filled;
}

/** The numbers within the box of the planes across an axis that hold anything. @param {Mask} mask @param {number} axis */
function paintedPlanes(mask, axis) {
  const numbers = Array.from({ length: mask.shape[axis] }, (_, at) => at);
  return numbers.filter((at) => places(mask, axis, at).some((place) => mask.voxels[place]));
}

/** Where the voxels of a plane lie in the box. @param {Mask} mask @param {number} axis @param {number} at */
function places({ shape }, axis, at) {
  const strides = [shape[1] * shape[2], shape[2], 1];
  const [down, across] = [0, 1, 2].filter((other) => other !== axis);
  return Array.from({ length: shape[across] * shape[down] }, (_, j) => {
    const [u, v] = [j % shape[across], Math.floor(j / shape[across])];
    return at * strides[axis] + u * strides[across] + v * strides[down];
  });
}

/** To the outline of a plane in mm, inside positive; the outline lies between voxel centres. @param {Mask} mask @param {number} axis @param {number} at @param {Index} spacing */
function signedDistances(mask, axis, at, spacing) {
  const [down, across] = [0, 1, 2].filter((other) => other !== axis);
  const inside = places(mask, axis, at).map((place) => mask.voxels[place] === 1);
  // A rim of nothing around: what fills the box is inside only as far as its edge is away.
  const [width, height] = [mask.shape[across] + 2, mask.shape[down] + 2];
  const isInside = (/** @type {number} */ i) => {
    const [u, v] = [(i % width) - 1, Math.floor(i / width) - 1];
    return u >= 0 && v >= 0 && u < width - 2 && v < height - 2 && inside[v * (width - 2) + u];
  };
  const size = /** @type {Index} */ ([1, height, width]);
  const step = /** @type {Index} */ ([1, spacing[down], spacing[across]]);
  const toInside = distances(size, step, isInside);
  const toOutside = distances(size, step, (i) => !isInside(i));
  return inside.map((_, j) => {
    const i = (Math.floor(j / (width - 2)) + 1) * width + (j % (width - 2)) + 1;
    return toOutside[i] - toInside[i];
  });
}
