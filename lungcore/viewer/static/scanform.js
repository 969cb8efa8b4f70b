// What the reader says of the scan: no nodules, its quality, why it is of no use.

import { element, set } from './dom.js';
import { choice, line, show, tick } from './fields.js';
import { QUALITIES, payloadOf } from './said.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */

export class ScanForm {
  /** @param {Review} review */
  constructor(review) {
    this.review = review;
    const { t } = review;
    this.none = tick('no_nodules', t, (no_nodules) => this.say({ no_nodules }));
    this.quality = choice({ name: 'quality', values: QUALITIES }, t, (quality) => this.say({ quality }));
    this.excluded = line('excluded', t, (excluded) => this.say({ excluded }));
    const fields = [this.none, this.quality, this.excluded].map(({ node }) => node);
    this.node = element('form', { class: 'lv-form', 'aria-label': t('scan_form'), 'data-form': 'scan' }, ...fields);
    this.changed = watch();
  }

  /** Save one more answer; the event says all of them. @param {Partial<import('./said.js').ScanAnswer>} answer */
  say(answer) {
    this.review.save('scan', payloadOf({ ...this.review.answer.scan, ...answer }));
  }

  draw() {
    const { answer, isOpen, view } = this.review;
    if (!this.changed(answer.scan, isOpen, view.form)) return;
    set(this.node, 'hidden', view.form !== 'scan');
    this.none.input.checked = answer.scan.no_nodules;
    show(this.quality.input, answer.scan.quality);
    show(this.excluded.input, answer.scan.excluded);
    for (const { input } of [this.none, this.quality, this.excluded]) input.disabled = !isOpen;
  }
}
