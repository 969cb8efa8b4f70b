// What went wrong or what to do, in words, where it moves nothing else.

import { actionButton } from './buttons.js';
import { element, set, write } from './dom.js';
import { isPassing } from './retry.js';

/** @typedef {import('./review.js').Review} Review */

export class Status {
  /** @param {Review} review @param {import('./actions.js').Actions} actions */
  constructor(review, actions) {
    this.review = review;
    this.text = element('p', { role: 'status', 'aria-live': 'polite' });
    this.retry = actionButton('retry', actions, review.t);
    this.merge = actionButton('merge', actions, review.t);
    this.node = element('div', { class: 'lv-status' }, this.text, this.retry, this.merge);
  }

  draw() {
    const { notice, queue } = this.review;
    const problem = this.problemText();
    write(this.text, problem || notice);
    set(this.node, 'data-problem', problem !== '');
    set(this.node, 'data-empty', !problem && !notice);
    set(this.retry, 'hidden', queue.problem?.kind !== 'signed_out');
    set(this.merge, 'hidden', queue.conflict === null);
  }

  problemText() {
    const { t, queue, volumeProblem } = this.review;
    if (queue.problem) {
      const { kind, text, n } = queue.problem;
      return t(`problem_${kind}`, { text, n }).trim();
    }
    if (queue.conflict) return t('problem_changed', { n: queue.conflict.events.length });
    if (volumeProblem === null) return '';
    if (volumeProblem === 'decoder') return t('volume_decoder');
    if (isPassing(volumeProblem)) return t('volume_offline');
    return t('volume_status', { status: volumeProblem });
  }
}
