// The form under the nodules: what becomes of the selected one and of the rest, why, and the end.

import { element, set } from '../dom.js';
import { watch } from '../watch.js';
import { chosenOf, decidedOf, payloadOf } from './told.js';

/** @typedef {import('./adjudicate.js').Adjudicate} Adjudicate */
/** @typedef {import('./told.js').Group} Group */

const METHODS = /** @type {const} */ (['vote', 'staple']);

export class DecisionForm {
  /** @param {Adjudicate} page */
  constructor(page) {
    this.page = page;
    const { t } = page;
    const field = (/** @type {string} */ name, /** @type {HTMLElement} */ input) =>
      element('label', { class: 'lv-field' }, element('span', {}, t(`ask_${name}`)), input);
    this.verdict = element('select', { name: 'verdict', change: () => this.drawRatings() });
    this.ratings = element('select', { name: 'ratings' });
    this.reason = element('input', { name: 'reason', maxlength: 2000, autocomplete: 'off', placeholder: t('adjudicate_reason_needed') });
    this.ratingsField = field('ratings', this.ratings);
    const act = (/** @type {string} */ name, /** @type {() => void} */ click, className = 'lv-button') =>
      element('button', { type: 'button', class: className, 'data-action': name, click }, t(`adjudicate_${name}`));
    this.buttons = {
      decide: act('decide', () => this.decide(), 'lv-button lv-main-button'),
      take_back: act('take_back', () => this.takeBack()),
      rest_vote: act('rest_vote', () => this.rest('vote')),
      rest_staple: act('rest_staple', () => this.rest('staple')),
      finish: act('finish', () => page.act('finish', {}), 'lv-button lv-main-button'),
      reopen: act('reopen', () => this.because('reopen')),
      withdraw: act('withdraw', () => this.because('withdraw')),
    };
    const { decide, take_back, rest_vote, rest_staple, finish, reopen, withdraw } = this.buttons;
    const row = (/** @type {Node[]} */ ...nodes) => element('div', { class: 'lv-row' }, ...nodes);
    this.node = element(
      'form',
      {
        ...{ class: 'lv-forms lv-decision', 'aria-label': t('adjudicate_form') },
        submit: (/** @type {SubmitEvent} */ event) => {
          event.preventDefault();
          this.decide();
        },
        keydown: (/** @type {KeyboardEvent} */ event) => this.leave(event),
      },
      ...[field('verdict', this.verdict), this.ratingsField, field('reason', this.reason)],
      ...[row(decide, take_back), row(rest_vote, rest_staple), row(finish, reopen, withdraw)],
    );
    this.changed = watch();
    this.newGroup = watch();
    this.newNodules = watch();
  }

  /** @param {KeyboardEvent} event */
  leave(event) {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    this.page.root.focus({ preventScroll: true });
  }

  /** The reason that was written, or null, with a word about it, where there is none. */
  why() {
    const reason = this.reason.value.trim();
    if (reason) return reason;
    this.page.say(this.page.t('adjudicate_reason_missing'));
    this.reason.focus();
    return null;
  }

  async decide() {
    const { selected } = this.page;
    if (selected === null || this.buttons.decide.disabled) return;
    const reason = this.why();
    if (reason === null) return;
    const said = payloadOf(selected, this.verdict.value, this.ratings.value, reason);
    if (await this.page.act('decide', said)) this.onward(selected);
  }

  /** To the next one that is open, with an empty reason. @param {number} from */
  onward(from) {
    this.reason.value = '';
    this.page.root.focus({ preventScroll: true });
    this.page.showNextOpen(from);
  }

  takeBack() {
    const decision = this.page.group?.decision;
    if (decision) void this.page.act('take_back', { seq: decision.seq });
  }

  /** @param {'vote' | 'staple'} method */
  async rest(method) {
    const reason = this.why();
    if (reason !== null && (await this.page.act('rest', { method, reason }))) this.reason.value = '';
  }

  /** @param {'reopen' | 'withdraw'} kind */
  async because(kind) {
    const reason = this.why();
    if (reason !== null && (await this.page.act(kind, { reason }))) this.reason.value = '';
  }

  draw() {
    const { told, called, selected, group, isBusy } = this.page;
    if (!told || !this.changed(told, called, selected, isBusy)) return;
    const isOpen = told.is_begun && !told.is_finished && !isBusy;
    const undecided = told.groups.length - decidedOf(told.groups);
    const able = {
      decide: isOpen && group !== null,
      take_back: isOpen && Boolean(group?.decision),
      rest_vote: isOpen && told.groups.length > 0,
      rest_staple: isOpen && told.groups.length > 0,
      finish: isOpen && undecided === 0,
      reopen: told.is_finished && !isBusy,
      withdraw: told.counts !== null && !isBusy,
    };
    for (const [name, isAble] of Object.entries(able)) {
      this.buttons[/** @type {keyof typeof able} */ (name)].disabled = !isAble;
    }
    set(this.buttons.finish, 'hidden', told.is_finished);
    set(this.buttons.reopen, 'hidden', !told.is_finished);
    set(this.buttons.withdraw, 'hidden', told.counts === null);
    for (const input of [this.verdict, this.ratings]) input.disabled = !able.decide;
    const kept = { verdict: this.verdict.value, ratings: this.ratings.value };
    this.drawChoices(group, called);
    if (!group) return;
    const begun = told.history.findLast(({ kind }) => kind === 'begin')?.seq;
    if (this.newNodules(begun)) this.reason.value = ''; // it was about another one
    const { verdict, ratings } = this.newGroup(begun, selected, group.decision?.seq) ? chosenOf(group) : kept;
    [this.verdict.value, this.ratings.value] = [verdict, ratings];
    this.drawRatings();
  }

  /** @param {Group | null} group @param {string[]} called */
  drawChoices(group, called) {
    const { t } = this.page;
    const option = (/** @type {string} */ value, /** @type {string} */ text) => element('option', { value }, text);
    const whose = group?.marks.map(({ reader }) => reader) ?? [];
    const nodule = (/** @type {string} */ outline) => t('adjudicate_decided_nodule', { outline });
    this.verdict.replaceChildren(
      ...METHODS.map((method) => option(method, nodule(t(`method_${method}`)))),
      ...whose.map((reader) => option(String(reader), nodule(called[reader]))),
      option('none', t('adjudicate_decided_none')),
    );
    this.ratings.replaceChildren(
      option('median', t('adjudicate_median')),
      ...whose.map((reader) => option(String(reader), called[reader])),
    );
  }

  drawRatings() {
    set(this.ratingsField, 'hidden', this.verdict.value === 'none');
  }
}
