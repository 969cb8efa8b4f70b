// One pane: a slice in the dark room, what is written at its edges, the outlines over it.

import { element, set, write } from './dom.js';
import { scaleBarMm, toPlane } from './geometry.js';
import { listenToPane } from './interaction.js';
import { LAYERS_OFF } from './layers.js';
import { Lens } from './lens.js';
import { Overlay } from './overlay.js';
import { Sketch } from './sketch.js';
import { SliceImage } from './render.js';
import { Slabs } from './slab.js';
import { SliceBar } from './slicebar.js';
import { presetOf } from './window.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */
/** @typedef {import('./paneview.js').PaneView} PaneView */

const SCALE_BAR_SHARE = 0.3; // of the pane's width
const SCALE_BAR_PIXELS = 180;
const AXIS_NAMES = ['x', 'y', 'z'];

/** A length or position with a true minus sign. @param {number} value @param {number} digits */
const signed = (value, digits) => value.toFixed(digits).replace('-', '−');

export class Pane {
  /** @param {Review} review @param {import('./actions.js').Actions} actions @param {PaneView} look @param {import('./window.js').Greys} greys @param {AbortSignal} signal */
  constructor(review, actions, look, greys, signal) {
    this.review = review;
    this.look = look;
    this.greys = greys;
    const { plane, orientation } = look;
    const canvas = element('canvas', { class: 'lv-image', 'aria-hidden': 'true' });
    this.image = new SliceImage(canvas, plane.width, plane.height);
    this.slabs = new Slabs(plane);
    this.lens = new Lens();
    this.overlay = new Overlay(review, look);
    this.sketch = new Sketch(review, look);
    this.lines = ['across', 'down'].map((way) => element('i', { class: `lv-cross lv-${way}` }));
    this.corners = Object.fromEntries(
      ['slice', 'window', 'pointer'].map((name) => [name, element('div', { class: `lv-corner lv-${name}` })]),
    );
    this.scale = element('div', { class: 'lv-scale' });
    this.bar = new SliceBar(review, look, signal);
    this.stage = element(
      'div',
      { class: 'lv-stage', role: 'img', tabindex: -1, 'aria-label': review.t(`pane_${orientation}`) },
      canvas,
      ...this.lines,
      this.overlay.node,
      this.sketch.node,
      ...edges(plane),
      ...Object.values(this.corners),
      this.scale,
      this.lens.node,
    );
    this.node = element('section', { class: 'lv-pane', 'data-pane': orientation }, this.stage, this.bar.node);
    /** @type {Int16Array} */
    this.voxels = new Int16Array(0);
    this.newVoxels = watch();
    this.newPixels = watch();
    this.newPlace = watch();
    listenToPane(review, actions, look, this.stage, signal);
    const observer = new ResizeObserver(() => this.measure());
    observer.observe(this.stage);
    signal.addEventListener('abort', () => observer.disconnect());
  }

  measure() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (width && height) this.review.look(() => this.look.resize({ width, height }));
  }

  draw() {
    const { look, review } = this;
    const { view } = review;
    const isShown = view.shows(look.orientation);
    set(this.node, 'hidden', !isShown);
    this.overlay.draw(isShown);
    this.sketch.draw(isShown);
    if (!isShown) return;
    set(this.node, 'data-main', look.orientation === view.main);
    set(this.node, 'data-active', look.orientation === view.active);
    set(this.node, 'data-slice', look.number);
    set(this.node, 'data-slices', look.plane.count);
    set(this.image.canvas, 'data-smooth', String(view.smooth));
    set(this.stage, 'data-mode', view.mode);
    this.drawImage();
    this.drawLines();
    this.drawCorners();
    this.bar.draw();
  }

  drawImage() {
    const { look, review, image } = this;
    const { view, volume } = review;
    const { slab, overlays, window } = view;
    const { layers } = review;
    const over = overlays ? view.layers : LAYERS_OFF;
    const { slice, plane } = look;
    const isNew = this.newVoxels(slice, slab, volume.chunks.size);
    if (isNew) this.voxels = this.slabs.of(volume, slice, slab);
    if (this.newPixels(window, over, layers, layers.version) || isNew) {
      const colour = (/** @type {Uint32Array} */ pixels) => layers.draw(pixels, plane, slice, over);
      image.draw(this.voxels, this.greys.of(window), colour);
    }
    if (this.newPlace(look.camera, look.stage)) {
      image.place(look.placement);
      this.drawScale();
    }
    const isUnder = view.lens && view.pointer?.pane === look;
    this.lens.draw(image.canvas, look.placement, isUnder ? (view.pointer?.point ?? null) : null, view.smooth);
  }

  drawScale() {
    const { pixelsPerMm } = this.look.placement;
    const room = Math.min(SCALE_BAR_PIXELS, SCALE_BAR_SHARE * this.look.stage.width);
    const mm = scaleBarMm(pixelsPerMm, room);
    this.scale.style.width = `${mm * pixelsPerMm}px`;
    write(this.scale, this.review.t('length_mm', { mm }));
  }

  /** The crosshair: where the slices of the other panes cross this one. */
  drawLines() {
    const [across, down] = this.lines;
    const isLinked = this.review.view.layout === 'three';
    for (const line of this.lines) set(line, 'hidden', !isLinked);
    if (!isLinked) return;
    const { x, y } = this.look.crosshair;
    across.style.transform = `translateY(${y}px)`;
    down.style.transform = `translateX(${x}px)`;
  }

  drawCorners() {
    const { look, review } = this;
    const { view, t } = review;
    const { plane } = look;
    const where = {
      name: t(`pane_${look.orientation}`),
      n: look.number,
      all: plane.count,
      axis: AXIS_NAMES[plane.patientAxis],
      mm: signed(plane.positionMm(look.slice), 1),
    };
    const isHere = review.isHere(plane, look.slice);
    write(this.corners.slice, t(isHere ? 'corner_slice' : 'corner_slice_coming', where));
    const isMain = look.orientation === view.main;
    set(this.corners.window, 'data-brief', !isMain);
    const { center, width } = view.window;
    const preset = presetOf(view.window);
    const name = t(preset ? `window_${preset}` : 'window_own');
    const zoom = Math.round(look.camera.zoom * 100);
    const said = { name, width, center: signed(center, 0), zoom };
    const slab = view.slab.kind === 'none' ? '' : t('slab_value', { kind: t(`slab_${view.slab.kind}`), mm: view.slab.mm });
    write(this.corners.window, isMain ? `${t('corner_window', said)}\n${slab}` : slab);
    write(this.corners.pointer, this.pointerText());
  }

  pointerText() {
    const { look, review } = this;
    const { view, grid, t, volume } = review;
    if (view.pointer?.pane !== look) return '';
    const index = look.plane.toIndex(look.slice, toPlane(look.placement, view.pointer.point));
    const hu = volume.hu(index.map(Math.round));
    if (hu === null) return '';
    const [x, y, z] = grid.toMm(index).map((mm) => signed(mm, 1));
    return t('corner_pointer', { hu: signed(hu, 0), x, y, z });
  }
}

/** @param {import('./plane.js').Plane} plane */
function edges(plane) {
  return Object.entries(plane.letters()).map(([edge, letter]) =>
    element('div', { class: `lv-letter lv-${edge}` }, letter),
  );
}
