// A finding's ellipsoid along the volume's own axes: its lengths, its handles, what lies in it.

import { LARGEST_MM, SMALLEST_MM } from './model.js';

/**
 * @typedef {import('./geometry.js').Index} Index
 * @typedef {[number, number, number]} Axes  whole lengths in mm along column, row and slice
 * @typedef {{diameter_mm: number, axes_mm?: Axes | null}} Sized
 */

/** The lengths along column, row and slice, of a sphere too. @param {Sized} finding @returns {Axes} */
export function axesOf({ diameter_mm, axes_mm }) {
  return axes_mm ?? [diameter_mm, diameter_mm, diameter_mm];
}

/** Half the lengths in voxels, in the order of an index. @param {Sized} finding @param {Index} spacing mm @returns {Index} */
export function halfLengths(finding, spacing) {
  const [column_mm, row_mm, slice_mm] = axesOf(finding);
  return [slice_mm / 2 / spacing[0], row_mm / 2 / spacing[1], column_mm / 2 / spacing[2]];
}

/** A length within what a finding may measure, to a tenth. @param {number} mm */
export function withinSizes(mm) {
  return Math.min(Math.max(Math.round(mm * 10) / 10, SMALLEST_MM), LARGEST_MM);
}

/**
 * The lengths after the end of one was pulled, in a plane that cuts the ellipsoid at `share` of its
 * lengths; the centre stays. @param {Axes} axes_mm @param {number} along an axis of an index
 * @param {number} half from the centre to the pointer, mm @param {number} share @returns {Axes}
 */
export function resized(axes_mm, along, half, share) {
  const axes = /** @type {Axes} */ ([...axes_mm]);
  axes[2 - along] = withinSizes((2 * Math.abs(half)) / share);
  return axes;
}

/** The lengths after all of them grew alike. @param {Axes} axes_mm @param {number} factor @returns {Axes} */
export function scaledAxes(axes_mm, factor) {
  return /** @type {Axes} */ (axes_mm.map((mm) => withinSizes(mm * factor)));
}

/** Whether an index lies in the ellipsoid or within `slack` voxels of it. @param {number[]} index @param {Index} center @param {Index} half @param {number[]} slack */
export function isInside(index, center, half, slack) {
  return Math.hypot(...index.map((value, i) => (value - center[i]) / (half[i] + slack[i]))) <= 1;
}
