// The worklist: filters, table, pager, and uploads dropped anywhere on the page.

import { rememberOrder } from '../ahead.js';
import { element, set, write } from '../dom.js';
import { translator } from '../texts.js';
import { Activity } from './activity.js';
import { buildFrame } from './frame.js';
import { collect } from './dropped.js';
import { fillBody, fillHead } from './table.js';

/**
 * @typedef {{search: string, states: string[], verdicts: string[], sort: string,
 *   descending: boolean, page: number}} View What the reader has chosen to see.
 * @typedef {{rows: import('./table.js').Row[], total: number, pages: number, empty: boolean,
 *   view: View, account: number, may_bring: boolean, texts: Record<string, string>}} Data
 * @typedef {{parentElement: HTMLElement | ShadowRoot, data: Data,
 *   setStateValue: (name: string, value: any) => void,
 *   setTriggerValue: (name: string, value: any) => void}} Component
 */

const SEARCH_DELAY_MS = 250;
const REFRESH_MS = 2000;

export class Worklist {
  /** @param {Component} component */
  constructor(component) {
    this.component = component;
    this.t = translator(component.data.texts);
    this.view = { ...component.data.view };
    // Of one account: the next to sign in here must not see whom the last one searched for.
    this.key = `lungcore.worklist.view.${component.data.account}`;
    this.ender = new AbortController();
    this.timer = 0;
    this.typing = 0;
    this.shown = '';
    this.leaving = false;
    const style = new URL('./style.css', import.meta.url).href;
    this.root = element('div', { class: 'worklist', 'data-worklist': true },
      element('link', { rel: 'stylesheet', href: style }));
    this.frame = buildFrame(this.t, this);
    this.root.append(...this.frame.parts);
    this.activity = new Activity(this.frame.activity, this.t, this, component.data.account);
    this.listen();
    this.update(component);
    this.restoreView();
    this.activity.resume();
  }

  /** Python ran again: show what it sent. @param {Component} component */
  update(component) {
    this.component = component;
    this.leaving = false;
    const { rows, total, pages, empty, view } = component.data;
    this.root.classList.toggle('is-empty', empty);
    write(this.frame.total, this.t('found', { n: total }));
    fillHead(this.frame.head, this.view, this.t, (key) => this.sortBy(key));
    this.showRows(rows);
    set(this.frame.nothing, 'hidden', total > 0 || empty);
    this.showPager(view.page, pages);
    this.showChips();
    // Not one timeout a call: Streamlit does not call again when the rows are the same as before.
    clearInterval(this.timer);
    if (rows.some((row) => row.state === 'detecting')) {
      this.timer = window.setInterval(() => this.refresh(), REFRESH_MS);
    }
  }

  /** The rows, built anew only where they differ: who is on one by keyboard stays there. @param {import('./table.js').Row[]} rows */
  showRows(rows) {
    const shown = JSON.stringify(rows);
    if (shown === this.shown) return;
    this.shown = shown;
    rememberOrder(rows.filter(({ verdict }) => verdict !== 'refuse').map((row) => row.series_uid));
    fillBody(this.frame.body, rows, this.t, (uid) => this.open(uid));
  }

  /** Whether the account may bring studies here. */
  get mayBring() {
    return this.component.data.may_bring;
  }

  close() {
    clearInterval(this.timer);
    clearTimeout(this.typing);
    this.ender.abort();
    this.activity.stop();
    this.root.remove();
  }

  listen() {
    const { signal } = this.ender;
    if (!this.mayBring) return;
    /** @param {DragEvent} event */
    const carriesFiles = (event) => Boolean(event.dataTransfer?.types.includes('Files'));
    document.addEventListener('dragover', (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.root.classList.add('is-dropping');
    }, { signal });
    document.addEventListener('dragleave', (event) => {
      if (event.relatedTarget === null) this.root.classList.remove('is-dropping');
    }, { signal });
    document.addEventListener('drop', async (event) => {
      if (!event.dataTransfer || !carriesFiles(event)) return;
      event.preventDefault();
      this.root.classList.remove('is-dropping');
      this.upload(await collect(event.dataTransfer));
    }, { signal });
  }

  /** Show again what the reader looked at before leaving the page. */
  restoreView() {
    const kept = sessionStorage.getItem(this.key);
    if (kept && kept !== JSON.stringify(this.view)) this.show(JSON.parse(kept));
    this.frame.search.value = this.view.search;
  }

  /** @param {Partial<View>} change */
  show(change) {
    this.view = { ...this.view, ...change };
    sessionStorage.setItem(this.key, JSON.stringify(this.view));
    if (!this.leaving) this.component.setStateValue('view', this.view);
  }

  refresh() {
    if (!this.leaving) this.component.setTriggerValue('refresh', Date.now());
  }

  /** @param {string} seriesUid */
  open(seriesUid) {
    // Anything sent after this would run the worklist again and take the reader back to it.
    this.leaving = true;
    this.component.setTriggerValue('open', seriesUid);
  }

  /** @param {import('./transfer.js').Item[]} items */
  upload(items) {
    this.activity.upload(items);
  }

  phantom() {
    this.activity.phantom();
  }

  search() {
    clearTimeout(this.typing);
    const show = () => this.show({ search: this.frame.search.value, page: 1 });
    this.typing = window.setTimeout(show, SEARCH_DELAY_MS);
  }

  /** @param {string} key */
  sortBy(key) {
    const descending = this.view.sort === key ? !this.view.descending : key !== 'patient_name';
    this.show({ sort: key, descending, page: 1 });
  }

  /** @param {number} step */
  turn(step) {
    this.show({ page: this.component.data.view.page + step });
  }

  /** @param {'states' | 'verdicts'} group @param {string} name */
  toggle(group, name) {
    const chosen = new Set(this.view[group]);
    if (!chosen.delete(name)) chosen.add(name);
    this.show({ [group]: [...chosen], page: 1 });
  }

  clear() {
    this.frame.search.value = '';
    this.show({ search: '', states: [], verdicts: [], page: 1 });
  }

  showChips() {
    for (const { group, name, button } of this.frame.chips) {
      set(button, 'aria-pressed', String(this.view[group].includes(name)));
    }
  }

  /** @param {number} page @param {number} pages */
  showPager(page, pages) {
    set(this.frame.pager, 'hidden', pages < 2);
    write(this.frame.position, this.t('page', { page, pages }));
    set(this.frame.previous, 'disabled', page <= 1);
    set(this.frame.next, 'disabled', page >= pages);
  }
}
