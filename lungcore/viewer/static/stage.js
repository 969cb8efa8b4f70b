// The dark room: the slice, what is written at its edges, and the circles over it.

import { element, set, write } from './dom.js';
import { scaleBarMm, toImage } from './geometry.js';
import { listenToStage } from './interaction.js';
import { Overlay } from './overlay.js';
import { SliceImage } from './render.js';
import { presetOf } from './window.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */

const SCALE_BAR_PIXELS = 180;

/** A length or position with a true minus sign. @param {number} value @param {number} digits */
const signed = (value, digits) => value.toFixed(digits).replace('-', '−');

export class Stage {
  /** @param {Review} review @param {import('./actions.js').Actions} actions @param {AbortSignal} signal */
  constructor(review, actions, signal) {
    this.review = review;
    const { grid } = review;
    const canvas = element('canvas', { class: 'lv-image', 'aria-hidden': 'true' });
    this.image = new SliceImage(canvas, grid.rows, grid.columns);
    this.overlay = new Overlay(review);
    this.corners = Object.fromEntries(
      ['slice', 'window', 'pointer'].map((name) => [name, element('div', { class: `lv-corner lv-${name}` })]),
    );
    this.scale = element('div', { class: 'lv-scale' });
    this.progress = element('div', { class: 'lv-progress' });
    const label = review.t('stage_label');
    this.node = element(
      'div',
      { class: 'lv-stage', role: 'img', tabindex: -1, 'aria-label': label },
      canvas,
      this.overlay.node,
      ...orientation(grid),
      ...Object.values(this.corners),
      this.scale,
      this.progress,
    );
    this.newPixels = watch();
    this.newPlace = watch();
    listenToStage(review, actions, this.node, signal);
    const observer = new ResizeObserver(() => this.measure());
    observer.observe(this.node);
    signal.addEventListener('abort', () => observer.disconnect());
  }

  measure() {
    const { clientWidth, clientHeight } = this.node;
    this.review.look((view) => {
      view.stage = { width: Math.max(clientWidth, 1), height: Math.max(clientHeight, 1) };
    });
  }

  draw() {
    const { view, volume } = this.review;
    const voxels = volume.slice(view.slice);
    const isHere = voxels !== null;
    if (this.newPixels(view.slice, view.window, isHere)) this.image.draw(voxels, view.window);
    if (this.newPlace(view.camera, view.stage)) {
      this.image.place(view.placement);
      this.drawScale();
    }
    set(this.image.canvas, 'data-smooth', String(view.smooth));
    set(this.node, 'data-mode', view.mode);
    this.overlay.draw();
    this.drawCorners(isHere);
  }

  drawScale() {
    const { pixelsPerMm } = this.review.view.placement;
    const mm = scaleBarMm(pixelsPerMm, SCALE_BAR_PIXELS);
    this.scale.style.width = `${mm * pixelsPerMm}px`;
    write(this.scale, this.review.t('length_mm', { mm }));
  }

  /** @param {boolean} isHere */
  drawCorners(isHere) {
    const { view, grid, t, volume } = this.review;
    const middle = grid.toMm([view.slice, (grid.rows - 1) / 2, (grid.columns - 1) / 2]);
    const where = { n: view.number, all: grid.slices, z: signed(middle[2], 1) };
    write(this.corners.slice, t(isHere ? 'corner_slice' : 'corner_slice_coming', where));
    const { center, width } = view.window;
    const preset = presetOf(view.window);
    const name = t(preset ? `window_${preset}` : 'window_own');
    const zoom = Math.round(view.camera.zoom * 100);
    write(this.corners.window, t('corner_window', { name, width, center: signed(center, 0), zoom }));
    write(this.corners.pointer, this.pointerText());
    this.progress.style.width = `${(100 * volume.loaded) / grid.slices}%`;
    set(this.progress, 'hidden', volume.loaded === grid.slices);
  }

  pointerText() {
    const { view, grid, t, volume } = this.review;
    if (!view.pointer) return '';
    const at = toImage(view.placement, view.pointer);
    const hu = volume.hu([view.slice, Math.round(at.row), Math.round(at.column)]);
    if (hu === null) return '';
    const [x, y, z] = grid.toMm([view.slice, at.row, at.column]).map((mm) => signed(mm, 1));
    return t('corner_pointer', { hu: signed(hu, 0), x, y, z });
  }
}

/** @param {import('./geometry.js').Grid} grid */
function orientation(grid) {
  return Object.entries(grid.letters()).map(([edge, letter]) =>
    element('div', { class: `lv-letter lv-${edge}` }, letter),
  );
}
