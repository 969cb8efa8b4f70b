// The dark room: three linked panes, of which one is large or alone.

import { element, set } from './dom.js';
import { Pane } from './pane.js';
import { Greys } from './window.js';

/** @typedef {import('./review.js').Review} Review */

export class Panes {
  /** @param {Review} review @param {import('./actions.js').Actions} actions @param {AbortSignal} signal */
  constructor(review, actions, signal) {
    this.review = review;
    const greys = new Greys();
    const looks = Object.values(review.view.panes);
    this.panes = looks.map((look) => new Pane(review, actions, look, greys, signal));
    this.progress = element('div', { class: 'lv-progress' });
    this.node = element('div', { class: 'lv-panes' }, ...this.panes.map(({ node }) => node), this.progress);
  }

  draw() {
    const { view, volume, grid } = this.review;
    set(this.node, 'data-layout', view.layout);
    this.progress.style.width = `${(100 * volume.loaded) / grid.slices}%`;
    set(this.progress, 'hidden', volume.isWhole);
    for (const pane of this.panes) pane.draw();
  }
}
