// A prior beside the current scan: two viewers that scroll, zoom and window together.

import { Api } from '../api.js';
import { Cine } from '../cine.js';
import { element, set, write } from '../dom.js';
import { Footer } from '../footer.js';
import { listenToKeys } from '../keys.js';
import { Looks } from '../looks.js';
import { MARKING } from '../marking.js';
import { translator } from '../texts.js';
import { rememberedTheme } from '../theme.js';
import { Bar, isEnded } from './bar.js';
import { firstKind, linkOf, toCurrent, toPrior } from './link.js';
import { Pairs } from './pairs.js';
import { Side } from './side.js';

/**
 * @typedef {import('./link.js').LinkKind} LinkKind
 * @typedef {import('../review.js').Series} Series
 * @typedef {{prior: Series, current: Series, days: number | null, frame: boolean,
 *   alignment: import('./link.js').Alignment | null, pairs: import('./pairs.js').Pair[] | null}} Comparison
 * @typedef {{series_uid: string, prior_uid: string, texts: Record<string, string>, language: string}} CompareData
 */

/** What is set in the lines below, which are those of the current scan. */
const OF_CURRENT = new Set(['cine', 'window_type', 'filter']); // the prior follows
const AGAIN_MS = 1000;

export class Compare {
  /** @param {CompareData} data */
  constructor(data) {
    this.data = data;
    this.t = translator(data.texts);
    this.message = element('p', { class: 'lv-message', role: 'status' }, this.t('opening'));
    this.root = element('div', {
      ...{ class: 'lungviewer lv-compare', tabindex: -1, lang: data.language, 'data-lungcompare': true },
      'data-theme': rememberedTheme('dark'),
    });
    const styles = element('link', { rel: 'stylesheet', href: new URL('../style.css', import.meta.url).href });
    this.root.append(styles, this.message);
    this.ender = new AbortController();
    this.api = new Api(data.series_uid);
    this.frame = 0;
    /** @type {Record<'prior' | 'current', Side> | null} */
    this.sides = null;
    /** @type {'prior' | 'current'} */
    this.active = 'current';
    /** @type {LinkKind} */
    this.kind = 'none';
    this.isChosen = false;
    this.offsetMm = 0;
    /** Where the leading side is while both show the middle of one nodule. */
    this.heldAt = '';
    /** @type {Comparison | null} */
    this.found = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** Load both scans, or say why they cannot be compared. */
  async open() {
    const compared = await this.api.request('GET', `/priors/${encodeURIComponent(this.data.prior_uid)}`);
    if (compared.status !== 200) return this.fail(compared);
    /** @type {Comparison} */
    const found = compared.body;
    const names = /** @type {const} */ (['prior', 'current']);
    const apis = names.map((name) => new Api(found[name].series_uid));
    const [listed, ...answers] = await Promise.all([this.api.request('GET', '/priors'), ...apis.map((api) => api.series())]);
    const bad = [listed, ...answers].find(({ status }) => status !== 200);
    if (bad) return this.fail(bad);
    const made = names.map((name, i) => [
      name,
      new Side(name, answers[i].body, apis[i], this.t, () => this.invalidate(), this.ender.signal),
    ]);
    this.show(found, Object.fromEntries(made), listed.body.priors);
  }

  /** @param {import('../queue.js').Reply} reply */
  fail({ status, body }) {
    write(this.message, body?.error ?? this.t('error_status', { status }));
    set(this.message, 'role', 'alert');
  }

  /** @param {Comparison} found @param {Record<'prior' | 'current', Side>} sides @param {Series[]} others */
  show(found, sides, others) {
    const { t } = this;
    this.sides = sides;
    this.found = found;
    this.kind = firstKind(found.frame, found.alignment);
    const { signal } = this.ender;
    for (const side of Object.values(sides)) {
      side.view.theme = /** @type {import('../theme.js').Theme} */ (this.root.dataset.theme);
      const take = () => {
        this.active = side.name;
      };
      for (const type of ['pointerdown', 'wheel']) side.node.addEventListener(type, take, { capture: true, signal });
    }
    const actions = this.actions(sides.current.actions);
    this.cine = new Cine(sides.current.review, signal);
    this.looks = new Looks(sides.current.review, actions);
    this.footer = new Footer(sides.current.review, actions);
    this.pairs = new Pairs(found.pairs, t, (pair) => this.showPair(pair));
    const middle = element('div', { class: 'lv-middle' }, sides.prior.node, sides.current.node, this.pairs.node);
    for (const type of ['input', 'submit']) {
      for (const { node } of [this.looks, this.footer]) {
        node.addEventListener(type, () => (this.active = 'current'), { capture: true });
      }
    }
    this.message.remove();
    this.bar = new Bar(this, others);
    this.root.append(this.bar.node, middle, this.looks.node, this.footer.node);
    listenToKeys(this.root, actions, signal);
    this.root.focus({ preventScroll: true });
    this.draw();
    if (found.alignment && !isEnded(found.alignment)) this.askAgain();
  }

  /** Acts on the side that is active; what marks or signs does nothing here. @param {import('../actions.js').Actions} actions */
  actions(actions) {
    const act = (/** @type {string} */ name) => () => {
      if (MARKING.has(name)) return;
      if (OF_CURRENT.has(name)) this.active = 'current';
      this.sides?.[this.active].actions[name]();
    };
    return Object.fromEntries(Object.keys(actions).map((name) => [name, act(name)]));
  }

  /** Ask for the alignment until its job has ended. */
  askAgain() {
    this.timer = setTimeout(async () => {
      const { status, body } = await this.api.request('GET', `/priors/${encodeURIComponent(this.data.prior_uid)}`);
      if (this.api.stopped) return;
      if (status !== 200 || !isEnded(body.alignment)) return this.askAgain();
      this.found = body;
      this.pairs?.take(body.pairs);
      if (!this.isChosen) this.kind = firstKind(body.frame, body.alignment);
      this.bar?.draw();
      this.invalidate();
    }, AGAIN_MS);
  }

  /** By the reader's choice. @param {LinkKind} kind */
  link(kind) {
    this.kind = kind;
    this.isChosen = true;
    this.bar?.draw();
    this.invalidate();
  }

  /** The slices now shown belong together. */
  setAnchor() {
    if (!this.sides) return;
    this.setOffset(this.sides.current.place[2] - this.sides.prior.place[2]);
  }

  /** @param {number} mm */
  setOffset(mm) {
    this.offsetMm = Math.round(mm * 10) / 10;
    this.link('anchor');
  }

  /** @param {import('./pairs.js').Pair} pair */
  showPair({ prior, current }) {
    if (!this.sides) return;
    if (prior) this.sides.prior.review.select(prior.finding_uid);
    if (current) this.sides.current.review.select(current.finding_uid);
    this.active = current ? 'current' : 'prior';
    if (prior && current) this.heldAt = this.sides.current.place.join();
    this.invalidate();
  }

  /** Bring the other side to where the active one is. @param {Record<'prior' | 'current', Side>} sides */
  follow(sides) {
    const other = this.active === 'prior' ? sides.current : sides.prior;
    const lead = sides[this.active];
    other.lookLike(lead);
    if (lead.place.join() === this.heldAt) return;
    this.heldAt = '';
    const link = linkOf(this.kind, this.found?.alignment ?? null, this.offsetMm);
    if (link) other.pointTo(this.active === 'prior' ? toCurrent(link, lead.place) : toPrior(link, lead.place));
  }

  invalidate() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    if (!this.sides) return;
    const { prior, current } = this.sides;
    this.follow(this.sides);
    for (const side of [prior, current]) side.draw(side.name === this.active);
    this.looks?.draw();
    this.cine?.draw();
    this.footer?.draw();
    set(this.root, 'data-theme', current.view.theme);
    const told = {
      link: this.kind,
      active: this.active,
      'prior-slice': prior.view.panes.axial.number,
      'current-slice': current.view.panes.axial.number,
      'prior-loaded': prior.review.volume.loaded,
      'current-loaded': current.review.volume.loaded,
      pairs: this.found?.pairs?.length ?? '',
    };
    for (const [name, value] of Object.entries(told)) set(this.root, `data-${name}`, String(value));
  }

  close() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    this.ender.abort();
    this.api.stop();
    for (const side of Object.values(this.sides ?? {})) side.stop();
    this.sides = null;
    this.root.remove();
  }
}
