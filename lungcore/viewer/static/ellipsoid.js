// A finding's ellipsoid along the volume's own axes: where planes cut it, its handles, its sizes.

import { axesWithin } from './mask.js';
import { LARGEST_MM, SMALLEST_MM } from './model.js';

/**
 * @typedef {import('./geometry.js').Index} Index
 * @typedef {import('./mask.js').Axis} Axis
 * @typedef {[number, number, number]} Axes  whole lengths in mm along column, row and slice
 * @typedef {{diameter_mm: number, axes_mm?: Axes | null}} Sized
 * @typedef {{center: [number, number], half: [number, number]}} Section
 *   an ellipse in a plane, in voxels: across, then down
 * @typedef {{along: Axis, end: 1 | -1}} Handle  at the end of the half-axis along an index's axis
 */

/** The lengths along column, row and slice, of a sphere too. @param {Sized} finding @returns {Axes} */
export function axesOf({ diameter_mm, axes_mm }) {
  return axes_mm ?? [diameter_mm, diameter_mm, diameter_mm];
}

/** Half the lengths in voxels, in the order of an index. @param {Sized} finding @param {Index} spacing @returns {Index} */
export function halfLengths(finding, spacing) {
  const [column_mm, row_mm, slice_mm] = axesOf(finding);
  return [slice_mm / 2 / spacing[0], row_mm / 2 / spacing[1], column_mm / 2 / spacing[2]];
}

/**
 * Where the plane in which `axis` is `at` cuts the ellipsoid, or null. Planes are taken as thick as
 * they lie apart, so that one between two planes is never lost.
 * @param {Index} center @param {Index} half in voxels @param {Axis} axis @param {number} at
 * @returns {Section | null}
 */
export function sectionOf(center, half, axis, at) {
  const off = Math.max(0, Math.abs(at - center[axis]) - 0.5) / half[axis];
  if (off >= 1) return null;
  const share = Math.sqrt(1 - off * off);
  const [across, down] = axesWithin(axis);
  return {
    center: [center[across], center[down]],
    half: [half[across] * share, half[down] * share],
  };
}

/** The four handles in a plane, with where they lie: across, then down. @param {Section} section @param {Axis} axis */
export function handlesOf({ center, half }, axis) {
  return axesWithin(axis).flatMap((along, i) =>
    /** @type {const} */ ([1, -1]).map((end) => {
      const place = /** @type {[number, number]} */ ([...center]);
      place[i] += end * half[i];
      return { handle: /** @type {Handle} */ ({ along, end }), place };
    }),
  );
}

/** A length within what a finding may measure, to a tenth. @param {number} mm */
export function withinSizes(mm) {
  return Math.min(Math.max(Math.round(mm * 10) / 10, SMALLEST_MM), LARGEST_MM);
}

/**
 * The axes after a handle was pulled to `to`, on the plane that cuts the ellipsoid at `share` of
 * its half-lengths; the centre stays. @param {Axes} axes_mm @param {Axis} along
 * @param {number} half in mm, from the centre to the pointer @param {number} share @returns {Axes}
 */
export function resized(axes_mm, along, half, share) {
  const axes = /** @type {Axes} */ ([...axes_mm]);
  axes[2 - along] = withinSizes((2 * Math.abs(half)) / Math.max(share, 0.1));
  return axes;
}

/** Whether an index lies in the ellipsoid or within `slack` voxels of it. @param {number[]} index @param {Index} center @param {Index} half @param {Index} slack */
export function isInside(index, center, half, slack) {
  return Math.hypot(...index.map((value, i) => (value - center[i]) / (half[i] + slack[i]))) <= 1;
}
