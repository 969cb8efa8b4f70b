// An axial, coronal or sagittal plane of voxels as radiologists look at it. Pure functions.

import { cross, dot, letter, minus, scaled } from './geometry.js';

/**
 * @typedef {import('./geometry.js').Grid} Grid
 * @typedef {import('./geometry.js').Index} Index
 * @typedef {import('./geometry.js').PlanePoint} PlanePoint
 * @typedef {import('./geometry.js').Point} Point
 * @typedef {'axial' | 'coronal' | 'sagittal'} Orientation
 * @typedef {{center_mm: Point, diameter_mm: number, axes_mm?: number[] | null}} Ellipsoid
 *   axes_mm: full lengths along the columns', the rows' and the slices' direction; a sphere without
 * @typedef {{across: number, down: number, acrossMm: number, downMm: number, awayMm: number}} Section
 *   centre in the plane, semi-axes across and down the screen, and how far the plane's slab lies
 *   from the ellipsoid's centre
 */

/** @type {Orientation[]} */
export const ORIENTATIONS = ['axial', 'coronal', 'sagittal'];

/** The patient axes (x, y, z) through, down and across a plane. */
const PATIENT_AXES = { axial: [2, 1, 0], coronal: [1, 2, 0], sagittal: [0, 2, 1] };
/** Which grid axis may run along x, y and z; the usual order first. */
const ORDERS = [[2, 1, 0], [1, 2, 0], [2, 0, 1], [0, 2, 1], [1, 0, 2], [0, 1, 2]];
const BACKWARD = 'RAH'; // numbers and the screen go on from the right, the front and the head

/** The grid axis that runs most along x, y and z of the patient. @param {Grid} grid */
function anatomy(grid) {
  const cosines = grid.steps.map((step) => step.map((mm) => Math.abs(mm) / Math.hypot(...step)));
  const fit = (/** @type {number[]} */ order) =>
    order.reduce((sum, axis, patient) => sum + cosines[axis][patient], 0);
  return ORDERS.reduce((best, order) => (fit(order) > fit(best) + 1e-6 ? order : best));
}

export class Plane {
  /** @param {Grid} grid @param {Orientation} orientation */
  constructor(grid, orientation) {
    this.grid = grid;
    this.orientation = orientation;
    this.patientAxis = PATIENT_AXES[orientation][0];
    const axes = anatomy(grid);
    const ways = PATIENT_AXES[orientation].map((axis) => axes[axis]);
    /** The axes of an index that run through, down and across the plane. */
    this.through = ways[0];
    this.down = ways[1];
    this.across = ways[2];
    this.count = grid.shape[this.through];
    this.width = grid.shape[this.across];
    this.height = grid.shape[this.down];
    const [through, down, across] = ways.map((axis) => grid.steps[axis]);
    this.acrossMm = Math.hypot(...across);
    const right = scaled(across, 1 / this.acrossMm);
    /** How far a step down leans across: not 0 where the gantry was tilted. */
    this.leanMm = dot(down, right);
    const upright = minus(down, scaled(right, this.leanMm));
    this.downMm = Math.hypot(...upright);
    this.normal = cross(right, scaled(upright, 1 / this.downMm));
    /** Distance between neighbouring planes: less than the step between them under tilt. */
    this.planeMm = Math.abs(dot(through, this.normal));
    this.widthMm = this.width * this.acrossMm + this.height * Math.abs(this.leanMm);
    this.heightMm = this.height * this.downMm;
    const isBackward = (/** @type {Point} */ step) => BACKWARD.includes(letter(step));
    this.mirrored = {
      through: isBackward(through),
      down: isBackward(down),
      across: isBackward(across),
    };
  }

  /** Whether its slices are those that were stored. */
  get isStored() {
    return this.through === 0;
  }

  /** @param {number} slice @param {PlanePoint} point @returns {Index} */
  toIndex(slice, { across, down }) {
    const index = /** @type {Index} */ ([0, 0, 0]);
    index[this.through] = slice;
    index[this.down] = down;
    index[this.across] = across;
    return index;
  }

  /** The slice, fractions count, and the point in it. @param {Index} index */
  fromIndex(index) {
    return {
      slice: index[this.through],
      point: { across: index[this.across], down: index[this.down] },
    };
  }

  /** @param {number} slice @param {PlanePoint} point */
  toMm(slice, point) {
    return this.grid.toMm(this.toIndex(slice, point));
  }

  /** The slice nearest to a point of the patient, within the series. @param {Point} point */
  nearest(point) {
    return this.within(this.grid.toIndex(point)[this.through]);
  }

  /** The whole slice nearest to a number, within the series. @param {number} slice */
  within(slice) {
    return Math.min(Math.max(Math.round(slice), 0), this.count - 1);
  }

  /**
   * What of an ellipsoid lies in a slice, or null. The slice is taken as thick as the slices lie
   * apart, so that a small one between two slices is never lost.
   * @param {Ellipsoid} ellipsoid @param {number} slice @returns {Section | null}
   */
  section({ center_mm, diameter_mm, axes_mm }, slice) {
    const half = (/** @type {number} */ axis) => (axes_mm ? axes_mm[2 - axis] : diameter_mm) / 2;
    const heightMm = dot(minus(center_mm, this.toMm(slice, { across: 0, down: 0 })), this.normal);
    const awayMm = Math.max(0, Math.abs(heightMm) - this.planeMm / 2);
    const squared = 1 - (awayMm / half(this.through)) ** 2;
    if (squared <= 0) return null;
    const inPlane = this.grid.toIndex(minus(center_mm, scaled(this.normal, heightMm)));
    const { point } = this.fromIndex(inPlane);
    const share = Math.sqrt(squared);
    const [acrossMm, downMm] = [half(this.across) * share, half(this.down) * share];
    return { ...point, acrossMm, downMm, awayMm };
  }

  /** The number that a slice is read under: 1 is nearest to the head (the front, the right). @param {number} slice */
  number(slice) {
    return this.mirrored.through ? this.count - slice : slice + 1;
  }

  /** The slice of a number. @param {number} number */
  ofNumber(number) {
    return this.mirrored.through ? this.count - number : number - 1;
  }

  /** Where the middle of a slice lies along the patient's axis that runs through it, mm. @param {number} slice */
  positionMm(slice) {
    const middle = { across: (this.width - 1) / 2, down: (this.height - 1) / 2 };
    return this.toMm(slice, middle)[this.patientAxis];
  }

  /** The letters at the edges of the screen. */
  letters() {
    const right = scaled(this.grid.steps[this.across], this.mirrored.across ? -1 : 1);
    const bottom = scaled(this.grid.steps[this.down], this.mirrored.down ? -1 : 1);
    return {
      left: letter(scaled(right, -1)),
      right: letter(right),
      top: letter(scaled(bottom, -1)),
      bottom: letter(bottom),
    };
  }

  /** The letters of the sides on which numbers begin and end. */
  numberLetters() {
    const onward = scaled(this.grid.steps[this.through], this.mirrored.through ? -1 : 1);
    return { first: letter(scaled(onward, -1)), last: letter(onward) };
  }
}
