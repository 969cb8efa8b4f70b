// What a reader does with the reading as a whole: sign it, reopen it, merge it, go on.

import { reviewUrl } from './ahead.js';

/** @typedef {import('./review.js').Review} Review */

/**
 * @param {Review} review @param {{mayChange: () => boolean, leave: () => void}} use
 * @returns {import('./actions.js').Actions}
 */
export function readingActions(review, { mayChange, leave }) {
  return {
    sign: () => {
      if (!mayChange()) return;
      leave();
      review.ask('sign');
    },
    reopen: () => {
      if (review.mayMark) review.ask('reopen');
      else review.say(review.t('notice_role'));
    },
    merge: () => {
      if (review.queue.conflict) review.ask('merge');
      else review.say(review.t('notice_nothing_to_merge'));
    },
    next_study: () => {
      if (review.answer.reading.round) location.assign(review.opened.worklist_url);
      else if (review.nextStudy) location.assign(reviewUrl(review.nextStudy));
      else review.say(review.t('notice_last_study'));
    },
    help: () => review.ask('help'),
    retry: () => void review.queue.run(),
    escape: () => {
      if (review.view.mode !== 'read') return leave();
      review.look((view) => {
        view.selected = null;
      });
    },
  };
}
