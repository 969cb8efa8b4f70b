// The bar beside the slice: where one is in the series, what has come, where the findings are.

import { element, set } from './dom.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */

export class SliceBar {
  /** @param {Review} review @param {AbortSignal} signal */
  constructor(review, signal) {
    this.review = review;
    const { grid, t } = review;
    this.thumb = element('div', { class: 'lv-thumb' });
    this.marks = element('div', { class: 'lv-marks' });
    this.parts = this.makeParts();
    const inOrder = grid.mirrored().slices ? this.parts.toReversed() : this.parts;
    this.track = element('div', { class: 'lv-track' }, ...inOrder, this.marks, this.thumb);
    const { first, last } = grid.numberLetters();
    this.node = element(
      'div',
      {
        class: 'lv-bar',
        role: 'slider',
        tabindex: 0,
        'aria-label': t('bar_label'),
        'aria-orientation': 'vertical',
        'aria-valuemin': 1,
        'aria-valuemax': grid.slices,
      },
      element('span', { 'aria-hidden': 'true' }, first),
      this.track,
      element('span', { 'aria-hidden': 'true' }, last),
    );
    this.newMarks = watch();
    this.newParts = watch();
    this.listen(signal);
  }

  /** One part of the track a chunk, as high as it has slices. */
  makeParts() {
    const { grid, opened } = this.review;
    const { chunks, chunk_slices } = opened.pixels;
    return Array.from({ length: chunks }, (_, number) => {
      const part = element('i', { class: 'lv-part' });
      part.style.flexGrow = String(Math.min(chunk_slices, grid.slices - number * chunk_slices));
      return part;
    });
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    const go = (/** @type {PointerEvent} */ event) => {
      const { top, height } = this.track.getBoundingClientRect();
      const share = (event.clientY - top) / height;
      this.review.look((view) => view.showNumber(Math.ceil(share * view.grid.slices)));
    };
    const down = (/** @type {PointerEvent} */ event) => {
      this.node.setPointerCapture(event.pointerId);
      go(event);
    };
    const move = (/** @type {PointerEvent} */ event) => {
      if (this.node.hasPointerCapture(event.pointerId)) go(event);
    };
    this.node.addEventListener('pointerdown', down, { signal });
    this.node.addEventListener('pointermove', move, { signal });
  }

  /** Where a slice's middle lies along the track. @param {number} slice */
  share(slice) {
    const { grid } = this.review;
    return `${(100 * (grid.number(slice) - 0.5)) / grid.slices}%`;
  }

  draw() {
    const { view, findings, volume, t, grid } = this.review;
    this.thumb.style.top = this.share(view.slice);
    set(this.node, 'aria-valuenow', view.number);
    set(this.node, 'aria-valuetext', t('slice_of', { n: view.number, all: grid.slices }));
    if (this.newParts(volume.chunks.size)) {
      this.parts.forEach((part, number) => set(part, 'data-here', volume.chunks.has(number)));
    }
    if (this.newMarks(findings, view.selected)) this.drawMarks();
  }

  drawMarks() {
    const { findings, view, grid } = this.review;
    const marks = findings.map(({ finding_uid, state, center_mm }) => {
      const isSelected = finding_uid === view.selected;
      const mark = element('i', { 'data-state': state, 'data-selected': isSelected });
      mark.style.top = this.share(grid.nearestSlice(center_mm));
      return mark;
    });
    this.marks.replaceChildren(...marks);
  }
}
