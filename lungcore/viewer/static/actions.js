// What a reader can do, by name: the keys and the buttons call these and nothing else.

import { drawingActions } from './drawing.js';
import { formActions } from './forms.js';
import { lookActions, viewActions } from './looking.js';
import { DEFAULT_MM, neighbour } from './model.js';
import { marksOf } from './marks.js';
import { readingActions } from './readingactions.js';

/** @typedef {import('./review.js').Review} Review */
/** @typedef {Record<string, () => void>} Actions */

/** @param {Review} review @returns {Actions} */
export function actionsOf(review) {
  const use = {
    mayChange: () => mayChange(review),
    subject: () => subject(review),
    enter: (/** @type {import('./view.js').Mode} */ mode) => enterMode(review, mode),
    leave: () => leaveMode(review),
  };
  return {
    ...findingActions(review),
    ...drawingActions(review, use),
    ...formActions(review, use.subject),
    ...readingActions(review, use),
    ...viewActions(review),
    ...lookActions(review),
  };
}

/** Whether the reading can be changed; says why when it cannot. @param {Review} review */
function mayChange(review) {
  if (review.queue.conflict) review.ask('merge');
  else if (!review.mayMark) review.say(review.t('notice_role'));
  else if (review.signed) review.say(review.t('notice_signed'));
  return review.mayMark && !review.signed && !review.queue.conflict;
}

/** The selected finding, if the reading can be changed; says what is missing. @param {Review} review */
function subject(review) {
  if (!mayChange(review)) return null;
  if (!review.selected) review.say(review.t('notice_select'));
  return review.selected;
}

/** Also gives a finding already rejected its reason. @param {Review} review @param {string} [reason] one of model.REASONS */
export function reject(review, reason = '') {
  const finding = subject(review);
  if (!finding) return;
  const isNew = finding.state !== 'rejected' || (reason && reason !== finding.reason);
  if (isNew) review.save('reject', { finding_uid: finding.finding_uid, reason });
}

/** @param {Review} review */
function accept(review) {
  const finding = subject(review);
  const isNew = finding?.state === 'machine' || finding?.state === 'rejected';
  if (finding && isNew) review.save('accept', { finding_uid: finding.finding_uid });
}

/** @param {Review} review @param {1 | -1} steps */
function step(review, steps) {
  const uid = neighbour(review.shown, review.view.selected, steps);
  if (uid === null) review.say(review.t('notice_no_findings'));
  else review.select(uid);
}

/** @param {Review} review @param {import('./view.js').Mode} mode */
function enterMode(review, mode) {
  review.notice = '';
  review.look((view) => {
    view.leaveMode();
    view.mode = mode;
    view.overlays = true;
  });
}

/** @param {Review} review */
function leaveMode(review) {
  review.notice = '';
  review.look((view) => view.leaveMode());
}

/** @param {Review} review @returns {Actions} */
function findingActions(review) {
  return {
    next: () => step(review, 1),
    previous: () => step(review, -1),
    accept: () => accept(review),
    reject: () => reject(review),
    edit: () => {
      if (review.view.mode === 'edit') return leaveMode(review);
      const finding = subject(review);
      if (!finding) return;
      if (!marksOf(review.view.pane, [finding], review.maskOf).length) review.select(finding.finding_uid);
      review.look((view) => {
        view.choose(finding);
        view.pane.reveal();
      });
      enterMode(review, 'edit');
      review.say(review.t(finding.mask ? 'notice_edit_outline' : 'notice_edit'));
    },
    add: () => {
      if (review.view.mode === 'add') return leaveMode(review);
      if (!mayChange(review)) return;
      enterMode(review, 'add');
      review.say(review.t('notice_add', { mm: DEFAULT_MM }));
    },
    undo: () => {
      if (!mayChange(review)) return;
      if (review.answer.can_undo) review.save('undo');
      else review.say(review.t('notice_nothing_to_undo'));
    },
    redo: () => {
      if (!mayChange(review)) return;
      if (review.answer.can_redo) review.save('redo');
      else review.say(review.t('notice_nothing_to_redo'));
    },
  };
}
