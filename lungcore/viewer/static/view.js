// How the reader looks at the series: where, in which layout, window, finding and mode.

import { LAYERS_OFF } from './layers.js';
import { PaneView } from './paneview.js';
import { rememberedWindow } from './ownwindow.js';
import { ORIENTATIONS, Plane } from './plane.js';
import { SLAB_MM } from './slab.js';
import { Tools } from './tools.js';
import { PRESETS } from './window.js';

/**
 * @typedef {import('./geometry.js').Grid} Grid
 * @typedef {import('./geometry.js').Index} Index
 * @typedef {import('./model.js').Finding} Finding
 * @typedef {import('./plane.js').Orientation} Orientation
 * @typedef {'read' | 'edit' | 'add' | 'grow' | 'brush' | 'erase' | 'calipers' | 'ruler'} Mode
 * @typedef {'one' | 'three'} Layout
 * @typedef {import('./shapes.js').Draft} Draft
 */

export class View {
  /** Looks at the first finding, or at the middle. @param {Grid} grid @param {Finding[]} findings */
  constructor(grid, findings) {
    this.grid = grid;
    /** What all panes have in common: the voxel that their crosshairs point to, fractions count. @type {Index} */
    this.crosshair = [Math.floor(grid.slices / 2), (grid.rows - 1) / 2, (grid.columns - 1) / 2];
    const panes = ORIENTATIONS.map((name) => [name, new PaneView(this, new Plane(grid, name))]);
    /** @type {Record<Orientation, PaneView>} */
    this.panes = Object.fromEntries(panes);
    /** @type {Layout} */
    this.layout = 'one';
    /** Which pane is large. @type {Orientation} */
    this.main = 'axial';
    /** Which pane the keys act on. @type {Orientation} */
    this.active = 'axial';
    this.window = PRESETS.lung;
    this.ownWindow = rememberedWindow();
    /** @type {Mode} */
    this.mode = 'read';
    /** Which form is open. @type {import('./forms.js').FormName | null} */
    this.form = null;
    this.tools = new Tools();
    this.overlays = true;
    this.smooth = true;
    /** @type {import('./slab.js').Slab} */
    this.slab = { kind: 'none', mm: SLAB_MM.usual };
    this.cine = false;
    this.lens = false;
    this.layers = LAYERS_OFF;
    /** The machine's findings below it are not shown. */
    this.leastProbability = 0;
    /** @type {import('./theme.js').Theme} */
    this.theme = 'dark';
    /** @type {string | null} */
    this.selected = null;
    /** What an edit or an addition under way would make. @type {Draft | null} */
    this.draft = null;
    /** Where the pointer is. @type {{pane: PaneView, point: import('./geometry.js').ScreenPoint} | null} */
    this.pointer = null;
    if (findings.length) this.goTo(findings[0]);
  }

  /** The pane that the keys act on. */
  get pane() {
    return this.panes[this.active];
  }

  /** The stored slice that is looked at: what is near it is loaded first. */
  get storedSlice() {
    return Math.round(this.crosshair[0]);
  }

  /** Whether a pane is on the screen. @param {Orientation} orientation */
  shows(orientation) {
    return this.layout === 'three' || orientation === this.main;
  }

  /** Make a pane the large one. @param {Orientation} orientation */
  enlarge(orientation) {
    this.main = orientation;
    this.active = orientation;
  }

  /** Make a pane alone large; the alone one makes room for three. @param {Orientation} orientation */
  swell(orientation) {
    this.enlarge(orientation);
    this.layout = this.layout === 'one' ? 'three' : 'one';
  }

  /** @param {Layout} layout */
  arrange(layout) {
    this.layout = layout;
    if (!this.shows(this.active)) this.active = this.main;
  }

  /** Point all crosshairs to a voxel. @param {Index} index */
  pointTo(index) {
    this.crosshair = this.grid.within(index);
  }

  /** @param {Finding} finding */
  goTo(finding) {
    this.goToPlace(finding.center_mm);
    this.selected = finding.finding_uid;
  }

  /** Show a place on all panes; nothing is selected there. @param {import('./geometry.js').Point} place LPS mm */
  goToPlace(place) {
    this.selected = null;
    this.pointTo(this.grid.toIndex(place));
    for (const pane of Object.values(this.panes)) pane.reveal();
  }

  /** Select a finding and show it on the other panes too; the active one stays on its slice. @param {Finding} finding */
  choose(finding) {
    this.selected = finding.finding_uid;
    const { through } = this.pane.plane;
    const index = this.grid.toIndex(finding.center_mm);
    index[through] = this.crosshair[through];
    this.pointTo(index);
    for (const pane of Object.values(this.panes)) if (pane !== this.pane) pane.reveal();
  }

  /** A window set by hand is kept for its key. @param {import('./window.js').Window} window */
  setOwnWindow(window) {
    this.window = window;
    this.ownWindow = window;
  }

  /** Back to reading; what is being drawn is dropped. */
  leaveMode() {
    this.mode = 'read';
    this.draft = null;
  }
}
