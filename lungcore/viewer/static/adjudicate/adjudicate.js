// The adjudication of a series: the readers' marks over the slices, and beside them the decisions.

import { actionsOf } from '../actions.js';
import { Api } from '../api.js';
import { Cine } from '../cine.js';
import { element, set, write } from '../dom.js';
import { Footer } from '../footer.js';
import { listenToKeys } from '../keys.js';
import { Looks } from '../looks.js';
import { MARKING } from '../marking.js';
import { Panes } from '../panes.js';
import { Review } from '../review.js';
import { translator } from '../texts.js';
import { rememberedTheme } from '../theme.js';
import { Bar } from './bar.js';
import { DecisionForm } from './decision.js';
import { Groups } from './groups.js';
import { History } from './history.js';
import { calledOf, decidedOf, findingsOf, nextOpen, openedOf } from './told.js';

/**
 * @typedef {import('./told.js').Adjudication} Adjudication
 * @typedef {{series_uid: string, texts: Record<string, string>, language: string}} AdjudicateData
 */

export class Adjudicate {
  /** @param {AdjudicateData} data */
  constructor(data) {
    this.t = translator(data.texts);
    this.api = new Api(data.series_uid);
    this.message = element('div', { class: 'lv-message', role: 'status' }, this.t('opening'));
    this.root = element('div', {
      ...{ class: 'lungviewer lv-adjudicate', tabindex: -1, lang: data.language, 'data-lungadjudicate': true },
      ...{ 'data-series': data.series_uid, 'data-theme': rememberedTheme('dark') },
    });
    const styles = element('link', { rel: 'stylesheet', href: new URL('../style.css', import.meta.url).href });
    this.root.append(styles, this.message);
    this.ender = new AbortController();
    this.frame = 0;
    this.notice = '';
    this.isBusy = false;
    this.areNamesShown = false;
    /** @type {string[]} */
    this.called = [];
    /** @type {Adjudication | null} */
    this.told = null;
    /** @type {Review | null} */
    this.review = null;
    /** @type {{draw: () => void}[]} */
    this.parts = [];
  }

  /** Load the case and lay the readers' marks out, or say why it cannot be. */
  async open() {
    const { status, body } = await this.api.request('GET', '/adjudication');
    if (this.api.stopped) return;
    if (status !== 200) return this.fail(status, body?.error);
    this.show(body);
    // What nothing was decided on yet is laid out as readers have it now.
    const isUntouched = !body.is_finished && decidedOf(body.groups) === 0;
    if (!body.is_begun || (body.is_stale && isUntouched)) await this.act('begin', {});
  }

  /** @param {number} status @param {string} [error] */
  fail(status, error) {
    const text = error ?? (status ? this.t('error_status', { status }) : this.t('error_offline'));
    const leave = element('a', { href: 'adjudication', class: 'lv-link', target: '_self' }, this.t('adjudicate_list'));
    this.message.replaceChildren(element('p', { role: 'alert' }, text), leave);
  }

  /** @param {import('./told.js').Opened} opened */
  show(opened) {
    const { signal } = this.ender;
    const review = new Review(openedOf(opened, []), this.api, this.t, () => this.invalidate());
    review.view.theme = /** @type {import('../theme.js').Theme} */ (this.root.dataset.theme);
    this.review = review;
    const actions = this.actions(review);
    const panes = new Panes(review, actions, signal);
    const looks = new Looks(review, actions);
    const footer = new Footer(review, actions);
    this.groups = new Groups(this.t, (number) => review.select(String(number)));
    this.form = new DecisionForm(this);
    this.history = new History(this.t);
    this.bar = new Bar(this, opened.series);
    this.parts = [panes, looks, footer, new Cine(review, signal)];
    this.message.remove();
    this.root.append(this.bar.node, element('div', { class: 'lv-middle' }, panes.node, this.panel()), looks.node, footer.node);
    listenToKeys(this.root, actions, signal);
    this.root.focus({ preventScroll: true });
    this.take(opened);
  }

  panel() {
    const { t, groups, form, history } = this;
    this.status = element('p', { class: 'lv-status', role: 'status', 'aria-live': 'polite' });
    return element(
      'aside',
      { class: 'lv-panel', 'aria-label': t('adjudicate_panel') },
      element('div', { class: 'lv-heading' }, groups?.count ?? ''),
      ...[groups?.list ?? '', form?.node ?? '', this.status, history?.node ?? ''],
      element('p', { class: 'lv-disclaimer' }, t('disclaimer')),
    );
  }

  /** Looks at the slices; what marks or signs does nothing here. @param {Review} review @returns {import('../actions.js').Actions} */
  actions(review) {
    const all = actionsOf(review);
    const still = Object.fromEntries([...MARKING].map((name) => [name, () => {}]));
    const own = { next: () => this.step(1), previous: () => this.step(-1), label: () => this.form?.reason.focus() };
    return { ...all, ...still, ...own, escape: () => {} }; // a nodule stays selected: decisions are about it
  }

  /** The number of the selected nodule, or null. */
  get selected() {
    const uid = this.review?.view.selected ?? null;
    return uid === null ? null : Number(uid);
  }

  get group() {
    return this.selected === null ? null : (this.told?.groups[this.selected] ?? null);
  }

  /** @param {1 | -1} by */
  step(by) {
    const count = this.told?.groups.length ?? 0;
    if (!count) return;
    const from = this.selected ?? (by > 0 ? -1 : 0);
    this.review?.select(String((from + by + count) % count));
  }

  /** The next one that is open; where none is, the one that is looked at or the first stays. @param {number} from */
  showNextOpen(from) {
    const number = nextOpen(this.told?.groups ?? [], from) ?? this.selected ?? 0;
    this.review?.select(String(number));
  }

  /** Take what the server tells. @param {Adjudication} told */
  take(told) {
    const isFirst = !this.told;
    this.told = told;
    this.callReaders();
    if (this.review && told.groups.length <= (this.selected ?? 0)) this.review.view.selected = null;
    if (isFirst) this.showNextOpen(-1);
    this.invalidate();
  }

  toggleNames() {
    this.areNamesShown = !this.areNamesShown;
    this.callReaders();
    this.invalidate();
  }

  callReaders() {
    if (!this.told || !this.review) return;
    this.called = calledOf(this.told.readers, this.areNamesShown, this.t);
    this.review.answer = { ...this.review.answer, findings: findingsOf(this.told.groups, this.called) };
  }

  /** Save one event; whether it was. @param {string} kind @param {Record<string, any>} payload */
  async act(kind, payload) {
    if (this.isBusy || !this.told) return false;
    this.isBusy = true;
    this.say('');
    const { status, body } = await this.api.request('POST', '/adjudication', { seq: this.told.seq, kind, payload });
    if (this.api.stopped) return false;
    this.isBusy = false;
    if (status === 200 || status === 409) this.take(body);
    // Numbers may mean other nodules now: what is looked at is what is decided on.
    if (status === 200 && kind === 'begin') this.showNextOpen(-1);
    if (status === 409) this.showNextOpen((this.selected ?? 0) - 1);
    if (status !== 200) this.say(body?.error ?? (status ? this.t('error_status', { status }) : this.t('error_offline')));
    return status === 200;
  }

  /** @param {string} text */
  say(text) {
    this.notice = text;
    this.invalidate();
  }

  invalidate() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    const { review, told } = this;
    if (!review || !told) return;
    for (const part of this.parts) part.draw();
    this.groups?.draw(told, this.called, this.selected);
    this.form?.draw();
    this.history?.draw(told.history);
    this.bar?.draw(told);
    this.drawStatus();
    this.tell(review, told);
  }

  drawStatus() {
    if (!this.status) return;
    write(this.status, this.notice);
    set(this.status, 'data-empty', !this.notice);
    set(this.status, 'data-problem', Boolean(this.notice));
  }

  /** Keep the root's attributes true. @param {Review} review @param {Adjudication} told */
  tell({ view, volume }, told) {
    const state = {
      slice: view.panes.axial.number,
      slices: view.panes.axial.plane.count,
      loaded: volume.loaded,
      group: this.selected ?? '',
      seq: told.seq,
      decided: decidedOf(told.groups),
      finished: told.is_finished,
      counts: told.counts ?? '',
      stale: told.is_stale,
      busy: this.isBusy,
      theme: view.theme,
    };
    for (const [name, value] of Object.entries(state)) set(this.root, `data-${name}`, String(value));
  }

  close() {
    cancelAnimationFrame(this.frame);
    this.ender.abort();
    this.api.stop();
    this.review?.stop();
    this.review = null;
    this.root.remove();
  }
}
