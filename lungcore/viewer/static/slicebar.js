// The bar beside the slice: where one is in the series, what has come, where the findings are.

import { element, set } from './dom.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */

export class SliceBar {
  /** @param {Review} review @param {import('./paneview.js').PaneView} look @param {AbortSignal} signal */
  constructor(review, look, signal) {
    this.review = review;
    this.look = look;
    const { t } = review;
    const { plane } = look;
    this.thumb = element('div', { class: 'lv-thumb' });
    this.marks = element('div', { class: 'lv-marks' });
    this.parts = this.makeParts();
    const inOrder = plane.mirrored.through ? this.parts.toReversed() : this.parts;
    this.track = element('div', { class: 'lv-track' }, ...inOrder, this.marks, this.thumb);
    const { first, last } = plane.numberLetters();
    this.node = element(
      'div',
      {
        class: 'lv-bar',
        role: 'slider',
        tabindex: 0,
        'aria-label': t(`pane_${look.orientation}`),
        'aria-orientation': 'vertical',
        'aria-valuemin': 1,
        'aria-valuemax': plane.count,
      },
      element('span', { 'aria-hidden': 'true' }, first),
      this.track,
      element('span', { 'aria-hidden': 'true' }, last),
    );
    this.newMarks = watch();
    this.newParts = watch();
    this.listen(signal);
  }

  /** One part of the track a chunk, as high as it has slices; none across the chunks. */
  makeParts() {
    const { grid, opened } = this.review;
    if (!this.look.plane.isStored) return [];
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
      this.review.look(() => this.look.showNumber(Math.ceil(share * this.look.plane.count)));
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
    const { plane } = this.look;
    return `${(100 * (plane.number(slice) - 0.5)) / plane.count}%`;
  }

  draw() {
    const { view, shown: findings, volume, t } = this.review;
    const { slice, number, plane } = this.look;
    this.thumb.style.top = this.share(slice);
    set(this.node, 'aria-valuenow', number);
    set(this.node, 'aria-valuetext', t('slice_of', { n: number, all: plane.count }));
    if (this.newParts(volume.chunks.size)) {
      this.parts.forEach((part, number) => set(part, 'data-here', volume.chunks.has(number)));
    }
    if (this.newMarks(findings, view.selected)) this.drawMarks();
  }

  drawMarks() {
    const { shown: findings, view } = this.review;
    const { plane } = this.look;
    const marks = findings.map(({ finding_uid, state, center_mm }) => {
      const isSelected = finding_uid === view.selected;
      const mark = element('i', { 'data-state': state, 'data-selected': isSelected });
      mark.style.top = this.share(plane.nearest(center_mm));
      return mark;
    });
    this.marks.replaceChildren(...marks);
  }
}
