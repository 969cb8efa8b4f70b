// What is asked when the reading changed elsewhere: what changed there, what becomes of mine.

import { element, set, write } from './dom.js';
import { changes } from './merging.js';
import { changeWords, eventWords } from './mergewords.js';
import { watch } from './watch.js';

/**
 * @typedef {import('./review.js').Review} Review
 * @typedef {import('./merging.js').Choice} Choice
 * @typedef {import('./merging.js').Clash} Clash
 * @typedef {import('./queue.js').Conflict} Conflict
 */

export class MergeDialog {
  /** @param {Review} review @param {import('./actions.js').Actions} actions */
  constructor(review, actions) {
    this.review = review;
    const { t } = review;
    /** @type {Record<string, Choice>} */
    this.choices = {};
    this.content = element('div', { class: 'lv-merge' });
    const act = (/** @type {string} */ name, /** @type {() => void} */ click, type = 'button', more = '') =>
      element('button', { type, class: `lv-button ${more}`, 'data-action': name, click }, t(`action_${name}`));
    this.put = act('put_on_top', () => {}, 'submit', 'lv-main-button');
    this.reopen = act('reopen', () => this.leaveFor(actions.reopen));
    const drop = act('drop_mine', () => this.drop());
    const later = act('decide_later', () => this.node.close());
    this.node = element(
      'dialog',
      { 'aria-label': t('dialog_merge'), 'data-dialog': 'merge', close: () => this.closed() },
      element(
        'form',
        { method: 'dialog', submit: () => this.merge() },
        element('h2', {}, t('dialog_merge')),
        this.content,
        element('div', { class: 'lv-row' }, this.put, this.reopen, drop, later),
      ),
    );
    this.changed = watch();
  }

  merge() {
    const { queue, t } = this.review;
    const found = queue.outcome(this.choices);
    const left = this.words([...(found?.theirs ?? []), ...(found?.refused ?? [])]);
    const n = found?.send.length ?? 0;
    void queue.resolve(found?.send ?? []);
    this.review.say([t('merged', { n }), left && t('left_out', { list: left })].filter(Boolean).join(' '));
  }

  drop() {
    const { queue, t } = this.review;
    const events = queue.conflict?.events ?? [];
    const list = this.words(events);
    void queue.resolve([]);
    this.node.close();
    this.review.say(t('dropped', { n: events.length, list }));
  }

  /** @param {() => void} action */
  leaveFor(action) {
    this.node.close();
    this.review.dialog = null;
    action();
  }

  /** @param {import('./model.js').ReadingEvent[]} events */
  words(events) {
    const { review } = this;
    return events.map((event) => eventWords(event, review.findings, review.t)).join(review.t('word_and'));
  }

  closed() {
    if (this.review.dialog === 'merge') this.review.dialog = null;
    this.review.invalidate();
  }

  draw() {
    const { dialog, queue } = this.review;
    const { conflict } = queue;
    if (!this.changed(dialog, conflict, conflict?.events.length, queue.answer) || dialog !== 'merge') return;
    if (!conflict) return this.node.close();
    this.choices = {};
    this.fill(conflict);
    if (!this.node.open) this.node.showModal();
  }

  /** @param {Conflict} conflict */
  fill({ base, events }) {
    const { answer } = this.review.queue;
    const { t } = this.review;
    const there = changes(base, answer);
    const clashes = this.review.queue.outcome({})?.clashes ?? [];
    this.outcome = element('div', { class: 'lv-outcome', 'aria-live': 'polite' });
    this.content.replaceChildren(
      element('p', {}, t('changed_there', { n: there.length })),
      list(there.map((change) => changeWords(change, answer.findings, t)), { 'data-there': there.length }),
      element('p', {}, t('mine_unsaved', { n: events.length })),
      ...clashes.map((clash) => this.clash(clash, there)),
      this.outcome,
    );
    this.foretell();
  }

  /** A choice between mine and theirs. @param {Clash} clash @param {import('./merging.js').Change[]} there */
  clash({ subject, events }, there) {
    const { t, findings } = this.review;
    const theirs = there.filter(({ kind, after }) => (after ? after.finding_uid === subject : kind === 'scan'));
    const said = {
      mine: this.words(events),
      theirs: theirs.map((change) => changeWords(change, findings, t)).join(t('word_and')) || t('nothing_there'),
    };
    const option = (/** @type {Choice} */ name) => {
      const change = () => this.choose(subject, name);
      const input = element('input', { type: 'radio', name: subject, value: name, required: true, change });
      return element('label', { class: 'lv-tick' }, input, t(`choose_${name}`, { what: said[name] }));
    };
    const legend = element('legend', {}, t('both_changed'));
    return element('fieldset', { 'data-clash': subject }, legend, option('mine'), option('theirs'));
  }

  /** @param {string} subject @param {Choice} choice */
  choose(subject, choice) {
    this.choices = { ...this.choices, [subject]: choice };
    this.foretell();
  }

  /** What will be saved and what will not, by the choices so far. */
  foretell() {
    const found = this.review.queue.outcome(this.choices);
    if (!found || !this.outcome) return;
    const { t, signed } = this.review;
    const { send, theirs, refused, same } = found;
    const part = (/** @type {string} */ name, /** @type {import('./model.js').ReadingEvent[]} */ events) =>
      events.length
        ? [element('p', {}, t(`outcome_${name}`, { n: events.length })), list(events.map((event) => this.words([event])), { 'data-outcome': name })]
        : [];
    const left = [...theirs, ...refused];
    this.outcome.replaceChildren(
      ...part('saved', send),
      ...part('left', left),
      ...part('there', same),
      ...(signed ? [element('p', { class: 'lv-open' }, t('signed_there'))] : []),
    );
    set(this.put, 'hidden', signed);
    set(this.reopen, 'hidden', !signed);
    write(this.put, t(left.length ? 'action_put_rest_on_top' : 'action_put_on_top'));
  }
}

/** @param {string[]} lines @param {import('./dom.js').Attributes} attributes */
const list = (lines, attributes) => element('ul', attributes, ...lines.map((line) => element('li', {}, line)));
