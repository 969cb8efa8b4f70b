// One of the two scans: its panes, under the line that says when it was made.

import { actionsOf } from '../actions.js';
import { Api } from '../api.js';
import { element, set } from '../dom.js';
import { Panes } from '../panes.js';
import { Review } from '../review.js';

/** @typedef {import('../review.js').Opened} Opened */

/** What is looked at alike on both sides. */
const SHARED = /** @type {const} */ ([
  ...['window', 'ownWindow', 'layout', 'main', 'active', 'overlays', 'smooth', 'slab', 'lens'],
  ...['layers', 'leastProbability', 'theme', 'cine'],
]);

export class Side {
  /**
   * @param {'prior' | 'current'} name @param {Opened} opened @param {Api} api
   * @param {import('../texts.js').Translate} t @param {() => void} invalidate @param {AbortSignal} signal
   */
  constructor(name, opened, api, t, invalidate, signal) {
    this.name = name;
    // Marks are made on the review page, where the whole reading is.
    this.review = new Review({ ...opened, may_mark: false }, api, t, invalidate);
    this.actions = actionsOf(this.review);
    this.panes = new Panes(this.review, this.actions, signal);
    const { study_date, series_description, slices, series_uid } = opened.series;
    const said = [t(`compare_${name}`), study_date, series_description, t('slices', { n: slices })];
    const link = element('a', { href: `review?series=${series_uid}`, class: 'lv-link', target: '_self' }, t('compare_read'));
    this.head = element('header', { class: 'lv-side-head' }, element('span', {}, said.filter(Boolean).join(' · ')), link);
    this.node = element('section', { class: 'lv-side', 'data-side': name, 'aria-label': t(`compare_${name}`) }, this.head, this.panes.node);
  }

  get view() {
    return this.review.view;
  }

  /** Where the crosshair points to, in mm. */
  get place() {
    return this.review.grid.toMm(this.view.crosshair);
  }

  /** Look at the patient as the other side does. @param {Side} other */
  lookLike(other) {
    for (const name of SHARED) Object.assign(this.view, { [name]: other.view[name] });
    for (const [name, pane] of Object.entries(other.view.panes)) {
      this.view.panes[/** @type {import('../plane.js').Orientation} */ (name)].camera = pane.camera;
    }
  }

  /** Point the crosshair to a place of this scan, without a redraw. @param {import('../geometry.js').Point} point */
  pointTo(point) {
    const before = this.view.storedSlice;
    this.view.pointTo(this.review.grid.toIndex(point));
    if (this.view.storedSlice !== before) this.review.volume.lookAt(this.view.storedSlice);
  }

  /** @param {boolean} isActive */
  draw(isActive) {
    set(this.node, 'data-active', isActive);
    this.panes.draw();
  }

  stop() {
    this.review.stop();
  }
}
