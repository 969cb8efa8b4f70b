// Where things lie: voxel indices, the patient (LPS mm) and the screen. Pure functions.
// What a plane through the volume shows is in plane.js.

/**
 * @typedef {[number, number, number]} Point  (x, y, z) in DICOM patient space, LPS, mm
 * @typedef {[number, number, number]} Index  (slice, row, column); whole numbers are voxel centres
 * @typedef {{across: number, down: number}} PlanePoint  indices in a plane; whole numbers are
 *   voxel centres
 * @typedef {{x: number, y: number}} ScreenPoint  CSS pixels from the top left of the stage
 * @typedef {{width: number, height: number}} Size  CSS pixels
 * @typedef {{zoom: number, panX: number, panY: number}} Camera  zoom 1 fits the slice in the stage
 * @typedef {{scaleX: number, scaleY: number, skewX: number, offsetX: number, offsetY: number,
 *   pixelsPerMm: number}} Placement
 *   x = scaleX * (across + 0.5) + skewX * (down + 0.5) + offsetX, y = scaleY * (down + 0.5) +
 *   offsetY; a negative scale mirrors, the skew is that of a tilted gantry
 */

const POSITIVE_LETTERS = ['L', 'P', 'H'];
const NEGATIVE_LETTERS = ['R', 'A', 'F'];

/** @param {Point} a @param {Point} b */
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** @param {Point} a @param {Point} b @returns {Point} */
export const cross = (a, b) => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** @param {Point} a @param {number} factor @returns {Point} */
export const scaled = (a, factor) => [a[0] * factor, a[1] * factor, a[2] * factor];

/** @param {Point} a @param {Point} b @returns {Point} */
export const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

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
    this.shape = shape;
    const [slices, rows, columns] = shape;
    this.slices = slices;
    this.rows = rows;
    this.columns = columns;
    const axis = (/** @type {number} */ j) =>
      /** @type {Point} */ ([affine[j], affine[4 + j], affine[8 + j]]);
    /** Step to the next slice, row and column in mm. */
    this.steps = [axis(0), axis(1), axis(2)];
    this.origin = axis(3);
    /** Their lengths. @type {Index} */
    this.spacing = [Math.hypot(...this.steps[0]), Math.hypot(...this.steps[1]), Math.hypot(...this.steps[2])];
    this.volumeMm3 = dot(this.steps[0], cross(this.steps[1], this.steps[2]));
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

  /** The nearest index within the series. @param {Index} index @returns {Index} */
  within(index) {
    const held = index.map((value, i) => Math.min(Math.max(value, 0), this.shape[i] - 1));
    return /** @type {Index} */ (held);
  }
}

/** How many CSS pixels a mm has where the whole plane just fits. @param {import('./plane.js').Plane} plane @param {Size} stage */
export function fitPixelsPerMm(plane, stage) {
  return Math.min(stage.width / plane.widthMm, stage.height / plane.heightMm);
}

/**
 * Where a plane lies on the stage. @param {import('./plane.js').Plane} plane @param {Size} stage
 * @param {Camera} camera @returns {Placement}
 */
export function place(plane, stage, { zoom, panX, panY }) {
  const pixelsPerMm = zoom * fitPixelsPerMm(plane, stage);
  const signX = plane.mirrored.across ? -1 : 1;
  const scaleX = signX * plane.acrossMm * pixelsPerMm;
  const skewX = signX * plane.leanMm * pixelsPerMm;
  const scaleY = (plane.mirrored.down ? -1 : 1) * plane.downMm * pixelsPerMm;
  return {
    scaleX,
    scaleY,
    skewX,
    offsetX: stage.width / 2 + panX - (scaleX * plane.width + skewX * plane.height) / 2,
    offsetY: stage.height / 2 + panY - (scaleY * plane.height) / 2,
    pixelsPerMm,
  };
}

/** @param {Placement} at @param {PlanePoint} point @returns {ScreenPoint} */
export function toScreen(at, { across, down }) {
  return {
    x: at.scaleX * (across + 0.5) + at.skewX * (down + 0.5) + at.offsetX,
    y: at.scaleY * (down + 0.5) + at.offsetY,
  };
}

/** @param {Placement} at @param {ScreenPoint} point @returns {PlanePoint} */
export function toPlane(at, { x, y }) {
  const down = (y - at.offsetY) / at.scaleY - 0.5;
  return { across: (x - at.offsetX - at.skewX * (down + 0.5)) / at.scaleX - 0.5, down };
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
