// How one pane looks at the series: which of its slices, how large, and where on its stage.

import { fitPixelsPerMm, place, toPlane, toScreen, zoomAt } from './geometry.js';

/**
 * @typedef {import('./geometry.js').Camera} Camera
 * @typedef {import('./geometry.js').ScreenPoint} ScreenPoint
 * @typedef {import('./geometry.js').Size} Size
 */

/** @type {Camera} */
const FIT = { zoom: 1, panX: 0, panY: 0 };
const INNER = 0.8; // of the stage's width and height: what is shown lies within

export class PaneView {
  /** @param {import('./view.js').View} view whose crosshair says which slice @param {import('./plane.js').Plane} plane */
  constructor(view, plane) {
    this.view = view;
    this.plane = plane;
    this.orientation = plane.orientation;
    this.stage = { width: 1, height: 1 };
    this.camera = FIT;
  }

  /** The slice shown. */
  get slice() {
    return this.plane.within(this.view.crosshair[this.plane.through]);
  }

  /** The number of the slice shown. */
  get number() {
    return this.plane.number(this.slice);
  }

  /** Show the slice of a number, or the nearest that there is. @param {number} number */
  showNumber(number) {
    const within = Math.min(Math.max(Math.round(number), 1), this.plane.count);
    const { point } = this.plane.fromIndex(this.view.crosshair);
    this.view.crosshair = this.plane.toIndex(this.plane.ofNumber(within), point);
  }

  /** Where the slice lies on the stage now. */
  get placement() {
    return place(this.plane, this.stage, this.camera);
  }

  /** Where the crosshair lies on the stage. */
  get crosshair() {
    return toScreen(this.placement, this.plane.fromIndex(this.view.crosshair).point);
  }

  /** The voxel under a point of the stage, fractions count. @param {ScreenPoint} point */
  indexAt(point) {
    return this.plane.toIndex(this.slice, toPlane(this.placement, point));
  }

  /** The patient point under a point of the stage, within the series. @param {ScreenPoint} point */
  mmAt(point) {
    const { grid } = this.plane;
    return grid.toMm(grid.within(this.indexAt(point)));
  }

  fit() {
    this.camera = FIT;
  }

  /** @param {number} factor @param {ScreenPoint} [point] what stays where it is; the middle */
  zoom(factor, point = { x: this.stage.width / 2, y: this.stage.height / 2 }) {
    this.camera = zoomAt(this.camera, this.stage, point, factor);
  }

  /** @param {number} dx @param {number} dy CSS pixels */
  pan(dx, dy) {
    const { zoom, panX, panY } = this.camera;
    this.camera = { zoom, panX: panX + dx, panY: panY + dy };
  }

  /** The stage has another size: what was in its middle stays there. @param {Size} stage */
  resize(stage) {
    const ratio = fitPixelsPerMm(this.plane, stage) / fitPixelsPerMm(this.plane, this.stage);
    const { zoom, panX, panY } = this.camera;
    this.camera = { zoom, panX: panX * ratio, panY: panY * ratio };
    this.stage = stage;
  }

  /** Move the image so that the crosshair is on the stage, and not at its very edge. */
  reveal() {
    const { x, y } = this.crosshair;
    const { width, height } = this.stage;
    const isNear = (/** @type {number} */ at, /** @type {number} */ length) => Math.abs(at / length - 0.5) < INNER / 2;
    if (!isNear(x, width) || !isNear(y, height)) this.pan(width / 2 - x, height / 2 - y);
  }
}
