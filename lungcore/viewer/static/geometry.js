// Where things lie: voxel indices, the patient (LPS mm) and the screen. Pure functions.

/**
 * @typedef {[number, number, number]} Point  (x, y, z) in DICOM patient space, LPS, mm
 * @typedef {[number, number, number]} Index  (slice, row, column); whole numbers are voxel centres
 * @typedef {{x: number, y: number}} ScreenPoint  CSS pixels from the top left of the stage
 * @typedef {{width: number, height: number}} Size  CSS pixels
 * @typedef {{zoom: number, panX: number, panY: number}} Camera  zoom 1 fits the slice in the stage
 * @typedef {{scaleX: number, scaleY: number, offsetX: number, offsetY: number,
 *   pixelsPerMm: number}} Placement
 *   screen = scale * (index + 0.5) + offset along columns (X) and rows (Y); a negative scale mirrors
 */

const POSITIVE_LETTERS = ['L', 'P', 'H'];
const NEGATIVE_LETTERS = ['R', 'A', 'F'];

/** @param {Point} a @param {Point} b */
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** @param {Point} a @param {Point} b @returns {Point} */
const cross = (a, b) => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** @param {Point} a @param {number} factor @returns {Point} */
const scaled = (a, factor) => [a[0] * factor, a[1] * factor, a[2] * factor];

/** @param {Point} a @param {Point} b @returns {Point} */
const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

/** The patient letter that `direction` points to most (PS3.3 C.7.6.1.1.1). @param {Point} direction */
export function letter(direction) {
  const sizes = direction.map(Math.abs);
  const axis = sizes.indexOf(Math.max(...sizes));
  return (direction[axis] > 0 ? POSITIVE_LETTERS : NEGATIVE_LETTERS)[axis];
}

/** The voxel grid of a series in the patient. */
export class Grid {
  /**
   * @param {[number, number, number]} shape (slices, rows, columns)
   * @param {number[]} affine 16 numbers, row by row: (slice, row, column, 1) to (x, y, z, 1)
   */
  constructor(shape, affine) {
    const [slices, rows, columns] = shape;
    this.slices = slices;
    this.rows = rows;
    this.columns = columns;
    const axis = (/** @type {number} */ j) =>
      /** @type {Point} */ ([affine[j], affine[4 + j], affine[8 + j]]);
    /** Step to the next slice, row and column in mm. */
    this.steps = [axis(0), axis(1), axis(2)];
    this.origin = axis(3);
    this.rowMm = Math.hypot(...this.steps[1]);
    this.columnMm = Math.hypot(...this.steps[2]);
    const normal = cross(this.steps[1], this.steps[2]);
    /** Unit normal of the slices. */
    this.normal = scaled(normal, 1 / Math.hypot(...normal));
    /** Distance between neighbouring slice planes: less than sliceMm under gantry tilt. */
    this.planeMm = Math.abs(dot(this.steps[0], this.normal));
    this.volumeMm3 = dot(this.steps[0], normal);
  }

  /** @param {Index} index @returns {Point} */
  toMm([slice, row, column]) {
    const [s, r, c] = this.steps;
    const along = (/** @type {number} */ i) =>
      this.origin[i] + s[i] * slice + r[i] * row + c[i] * column;
    return [along(0), along(1), along(2)];
  }

  /** @param {Point} point @returns {Index} */
  toIndex(point) {
    const [s, r, c] = this.steps;
    const from = minus(point, this.origin);
    const solve = (/** @type {Point} */ a, /** @type {Point} */ b) =>
      dot(from, cross(a, b)) / this.volumeMm3;
    return [solve(r, c), solve(c, s), solve(s, r)];
  }

  /** The slice nearest to `point`, within the series. @param {Point} point */
  nearestSlice(point) {
    return Math.min(Math.max(Math.round(this.toIndex(point)[0]), 0), this.slices - 1);
  }

  /**
   * The circle in which a sphere meets a slice, or null. The slice is taken as thick as the
   * slices lie apart, so that a sphere between two slices is never lost.
   * @param {Point} center_mm @param {number} diameter_mm @param {number} slice
   * @returns {{row: number, column: number, radius_mm: number, distance_mm: number} | null}
   */
  circle(center_mm, diameter_mm, slice) {
    const height = dot(minus(center_mm, this.toMm([slice, 0, 0])), this.normal);
    const distance_mm = Math.max(0, Math.abs(height) - this.planeMm / 2);
    const squared = (diameter_mm / 2) ** 2 - distance_mm ** 2;
    if (squared <= 0) return null;
    const [, row, column] = this.toIndex(minus(center_mm, scaled(this.normal, height)));
    return { row, column, radius_mm: Math.sqrt(squared), distance_mm };
  }

  /**
   * Which axes run against the reading direction: columns go right to left of the patient, rows
   * front to back or head to foot, slices from the head (or the front, or the right) on.
   */
  mirrored() {
    const [slices, rows, columns] = this.steps.map((step) => 'RAH'.includes(letter(step)));
    return { slices, rows, columns };
  }

  /** The number that a slice is read under: 1 is nearest to the head. @param {number} slice */
  number(slice) {
    return this.mirrored().slices ? this.slices - slice : slice + 1;
  }

  /** The slice of a number. @param {number} number */
  ofNumber(number) {
    return this.mirrored().slices ? this.slices - number : number - 1;
  }

  /** The letters at the edges of the screen. */
  letters() {
    const { columns, rows } = this.mirrored();
    const right = scaled(this.steps[2], columns ? -1 : 1);
    const bottom = scaled(this.steps[1], rows ? -1 : 1);
    return {
      left: letter(scaled(right, -1)),
      right: letter(right),
      top: letter(scaled(bottom, -1)),
      bottom: letter(bottom),
    };
  }

  /** The letters of the sides on which numbers begin and end. */
  numberLetters() {
    const onward = scaled(this.steps[0], this.mirrored().slices ? -1 : 1);
    return { first: letter(scaled(onward, -1)), last: letter(onward) };
  }
}

/**
 * Where the slice lies on the stage. @param {Grid} grid @param {Size} stage @param {Camera} camera
 * @returns {Placement}
 */
export function place(grid, stage, { zoom, panX, panY }) {
  const widthMm = grid.columns * grid.columnMm;
  const heightMm = grid.rows * grid.rowMm;
  const pixelsPerMm = zoom * Math.min(stage.width / widthMm, stage.height / heightMm);
  const { columns, rows } = grid.mirrored();
  const scaleX = (columns ? -1 : 1) * grid.columnMm * pixelsPerMm;
  const scaleY = (rows ? -1 : 1) * grid.rowMm * pixelsPerMm;
  return {
    scaleX,
    scaleY,
    offsetX: stage.width / 2 + panX - (scaleX * grid.columns) / 2,
    offsetY: stage.height / 2 + panY - (scaleY * grid.rows) / 2,
    pixelsPerMm,
  };
}

/** @param {Placement} at @param {number} row @param {number} column @returns {ScreenPoint} */
export function toScreen(at, row, column) {
  return { x: at.scaleX * (column + 0.5) + at.offsetX, y: at.scaleY * (row + 0.5) + at.offsetY };
}

/** @param {Placement} at @param {ScreenPoint} point */
export function toImage(at, { x, y }) {
  return { row: (y - at.offsetY) / at.scaleY - 0.5, column: (x - at.offsetX) / at.scaleX - 0.5 };
}

/**
 * The camera zoomed by `factor` while what lies under `point` stays there.
 * @param {Camera} camera @param {Size} stage @param {ScreenPoint} point @param {number} factor
 * @returns {Camera}
 */
export function zoomAt(camera, stage, point, factor) {
  const zoom = Math.min(Math.max(camera.zoom * factor, 0.5), 20);
  const ratio = zoom / camera.zoom;
  const x = point.x - stage.width / 2;
  const y = point.y - stage.height / 2;
  return { zoom, panX: x - (x - camera.panX) * ratio, panY: y - (y - camera.panY) * ratio };
}

/** A round length in mm whose bar is at most `pixels` long. @param {number} pixelsPerMm @param {number} pixels */
export function scaleBarMm(pixelsPerMm, pixels) {
  const lengths = [1, 2, 5, 10, 20, 50, 100, 200];
  const fitting = lengths.filter((mm) => mm * pixelsPerMm <= pixels);
  return fitting.at(-1) ?? lengths[0];
}
