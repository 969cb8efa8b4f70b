// What the reader says of the selected finding: type, lobe, the nine ratings, confidence, comment.

import { element, set } from './dom.js';
import { choice, line, show } from './fields.js';
import { QUESTIONS, UNSAID, answerOf, answered, payloadOf } from './said.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */

export class LabelForm {
  /** @param {Review} review */
  constructor(review) {
    this.review = review;
    const { t } = review;
    const say = (/** @type {string} */ name) => (/** @type {string} */ value) => this.say(name, value);
    this.fields = [
      ...QUESTIONS.map((question) => choice(question, t, say(question.name))),
      line('comment', t, say('comment')),
    ];
    const nodes = this.fields.map(({ node }) => node);
    this.node = element('form', { class: 'lv-form', 'aria-label': t('label_form'), 'data-form': 'label' }, ...nodes);
    this.changed = watch();
  }

  /** Save one more answer; the event says all of them. @param {string} name @param {string} value */
  say(name, value) {
    const { selected } = this.review;
    if (!selected) return;
    const label = answered(selected.label ?? UNSAID, name, value);
    this.review.save('label', { finding_uid: selected.finding_uid, ...payloadOf(label) });
  }

  draw() {
    const { selected, isOpen, view } = this.review;
    if (!this.changed(selected, isOpen, view.form)) return;
    set(this.node, 'hidden', view.form !== 'label' || selected === null);
    for (const { input } of this.fields) {
      show(input, answerOf(selected?.label ?? UNSAID, input.name));
      input.disabled = !isOpen;
    }
  }
}
