// A finding's ellipsoid along the volume's own axes: its lengths, its handles, what lies in it.

import { centroid } from './mask.js';
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

/**
 * The ellipsoid with a mask's middle, spread along each axis of the volume, and volume.
 * @param {import('./mask.js').Mask} mask @param {Index} spacing mm
 */
export function fitted(mask, spacing) {
  const { origin, shape, voxels } = mask;
  const center = centroid(mask);
  const squares = [0, 0, 0];
  let n = 0;
  for (let s = 0, i = 0; s < shape[0]; s++) {
    for (let r = 0; r < shape[1]; r++) {
      for (let c = 0; c < shape[2]; c++, i++) {
        if (!voxels[i]) continue;
        n += 1;
        [s, r, c].forEach((at, axis) => (squares[axis] += (origin[axis] + at - center[axis]) ** 2));
      }
    }
  }
  // Of an ellipsoid the mean square along an axis is a fifth of half its length squared; that of a
  // voxel itself, a twelfth of its width squared, comes on top.
  const spread = squares.map((sum, axis) => 2 * Math.sqrt(5 * (sum / n + 1 / 12)) * spacing[axis]);
  const volume = n * spacing[0] * spacing[1] * spacing[2];
  const factor = Math.cbrt(volume / ((Math.PI / 6) * spread[0] * spread[1] * spread[2]));
  const [slice_mm, row_mm, column_mm] = spread.map((mm) => withinSizes(mm * factor));
  return { center, axes_mm: /** @type {Axes} */ ([column_mm, row_mm, slice_mm]) };
}
