// How the reader looks at the series: which slice, window, zoom, finding and mode.

import { place } from './geometry.js';
import { PRESETS, WIDE } from './window.js';

/**
 * @typedef {import('./geometry.js').Grid} Grid
 * @typedef {import('./geometry.js').Point} Point
 * @typedef {import('./model.js').Finding} Finding
 * @typedef {'read' | 'edit' | 'add'} Mode
 * @typedef {{finding_uid: string, center_mm: Point, diameter_mm: number}} Draft
 */

const FIT = { zoom: 1, panX: 0, panY: 0 };

export class View {
  /** Looks at the first finding, or at the middle. @param {Grid} grid @param {Finding[]} findings */
  constructor(grid, findings) {
    this.grid = grid;
    this.stage = { width: 1, height: 1 };
    this.camera = FIT;
    this.window = PRESETS.lung;
    this.ownWindow = WIDE;
    /** @type {Mode} */
    this.mode = 'read';
    this.overlays = true;
    this.smooth = true;
    /** @type {string | null} */
    this.selected = null;
    /** What an edit or an addition under way would make. @type {Draft | null} */
    this.draft = null;
    /** Where the pointer is on the stage. @type {import('./geometry.js').ScreenPoint | null} */
    this.pointer = null;
    this.slice = Math.floor(grid.slices / 2);
    if (findings.length) this.goTo(findings[0]);
  }

  /** @param {Finding} finding */
  goTo(finding) {
    this.selected = finding.finding_uid;
    this.slice = this.grid.nearestSlice(finding.center_mm);
  }

  /** The number of the slice shown, 1 nearest to the head. */
  get number() {
    return this.grid.number(this.slice);
  }

  /** Show the slice of a number, or the nearest that there is. @param {number} number */
  showNumber(number) {
    const within = Math.min(Math.max(Math.round(number), 1), this.grid.slices);
    this.slice = this.grid.ofNumber(within);
  }

  /** A window set by hand is kept for its key. @param {import('./window.js').Window} window */
  setOwnWindow(window) {
    this.window = window;
    this.ownWindow = window;
  }

  fit() {
    this.camera = FIT;
  }

  /** Back to reading; what is being drawn is dropped. */
  leaveMode() {
    this.mode = 'read';
    this.draft = null;
  }

  /** Where the slice lies on the stage now. */
  get placement() {
    return place(this.grid, this.stage, this.camera);
  }
}
