// Puts the viewer together inside an element, redraws it, and takes it away again.

import { actionsOf } from './actions.js';
import { Ahead } from './ahead.js';
import { Api } from './api.js';
import { Banner } from './banner.js';
import { Cine } from './cine.js';
import { DetectionBox } from './detection.js';
import { Dialogs } from './dialogs.js';
import { element, set } from './dom.js';
import { Footer } from './footer.js';
import { listenToKeys } from './keys.js';
import { Looks } from './looks.js';
import { MergeDialog } from './mergedialog.js';
import { Panel } from './panel.js';
import { Panes } from './panes.js';
import { Review } from './review.js';
import { Status } from './status.js';
import { translator } from './texts.js';
import { rememberedTheme } from './theme.js';

/**
 * @typedef {{series_uid: string, texts: Record<string, string>, language: string, theme?: string,
 *   at?: import('./geometry.js').Point}} ViewerData at: where to begin, LPS mm
 */

export class Viewer {
  /** @param {ViewerData} data */
  constructor(data) {
    this.t = translator(data.texts);
    this.at = data.at;
    this.api = new Api(data.series_uid);
    this.root = element('div', {
      class: 'lungviewer',
      tabindex: -1,
      lang: data.language,
      'data-lungviewer': true,
      'data-series': data.series_uid,
      'data-theme': rememberedTheme(data.theme ?? 'dark'),
    });
    this.message = element('div', { class: 'lv-message' });
    this.styles = styleSheet();
    this.root.append(this.styles.link, this.message);
    this.ender = new AbortController();
    this.frame = 0;
    /** @type {Review | null} */
    this.review = null;
    /** @type {{draw: () => void}[]} */
    this.parts = [];
  }

  /** Load the series and show it, or say why it cannot be shown. */
  async open() {
    this.message.replaceChildren(this.t('opening'));
    const [{ status, body }] = await Promise.all([this.api.series(), this.styles.ready]);
    if (this.api.stopped) return;
    if (status === 200) this.show(body);
    else this.showProblem(status, body?.error);
  }

  /** @param {number} status @param {string | undefined} error */
  showProblem(status, error) {
    const text = error ?? (status === 0 ? this.t('error_offline') : this.t('error_status', { status }));
    const again = { type: 'button', class: 'lv-button', 'data-action': 'open_again', click: () => this.open() };
    const button = element('button', again, this.t('action_open_again'));
    // The page shows nothing else: who is signed out or followed an old link must get away.
    const leave = element('a', { href: './', class: 'lv-link', target: '_self' }, this.t('worklist'));
    this.message.replaceChildren(element('p', { role: 'alert' }, text), button, leave);
  }

  /** @param {import('./review.js').Opened} opened */
  show(opened) {
    const { signal } = this.ender;
    const review = new Review(opened, this.api, this.t, () => this.invalidate());
    const actions = actionsOf(review);
    const detection = new DetectionBox(review, signal);
    const banner = new Banner(review, actions);
    const panes = new Panes(review, actions, signal);
    const status = new Status(review, actions);
    const panel = new Panel(review, actions, detection.node, status.node);
    const looks = new Looks(review, actions);
    const footer = new Footer(review, actions);
    const cine = new Cine(review, signal);
    const ahead = new Ahead(review, signal);
    const dialogs = new Dialogs(review);
    const merge = new MergeDialog(review, actions);
    dialogs.node.append(merge.node);
    review.view.theme = /** @type {import('./theme.js').Theme} */ (this.root.dataset.theme);
    const { at } = this;
    if (at) review.look((view) => view.goToPlace(at));
    this.review = review;
    this.parts = [panes, panel, detection, status, banner, looks, footer, dialogs, merge, cine, ahead];
    const middle = element('div', { class: 'lv-middle' }, panes.node, panel.node);
    this.message.remove();
    this.root.append(banner.node, middle, looks.node, footer.node, dialogs.node);
    listenToKeys(this.root, actions, signal);
    window.addEventListener('beforeunload', (event) => this.holdUnsaved(event), { signal });
    this.root.focus({ preventScroll: true });
    this.draw();
  }

  /** Ask before leaving while something is not saved. @param {BeforeUnloadEvent} event */
  holdUnsaved(event) {
    if (this.review?.queue.unsaved) event.preventDefault();
  }

  /** Redraw with the next frame. */
  invalidate() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    if (!this.review) return;
    for (const part of this.parts) part.draw();
    this.tell(this.review);
  }

  /** Keep the root's attributes true. @param {Review} review */
  tell({ view, volume, answer, queue, detection, isNextHere }) {
    const state = {
      slice: view.panes.axial.number,
      slices: view.panes.axial.plane.count,
      loaded: volume.loaded,
      window: `${view.window.center}/${view.window.width}`,
      layout: view.layout,
      main: view.main,
      'selected-finding': view.selected ?? '',
      version: answer.reading.version,
      saving: queue.saving,
      conflict: queue.conflict?.events.length ?? 0,
      mode: view.mode,
      detection: detection.state,
      overlays: view.overlays,
      theme: view.theme,
      slab: view.slab.kind,
      cine: view.cine,
      'next-here': isNextHere,
      signed: answer.reading.signed,
      form: view.form ?? '',
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

/** The style sheet beside this module, and when it applies. */
function styleSheet() {
  const link = element('link', { rel: 'stylesheet', href: new URL('./style.css', import.meta.url).href });
  const ready = new Promise((resolve) => {
    link.addEventListener('load', resolve);
    link.addEventListener('error', resolve);
  });
  return { link, ready };
}
