// The window that a reader sets by hand: its form, and that the browser keeps it for its key.

import { element, set, toImages } from './dom.js';
import { watch } from './watch.js';
import { LIMITS, WIDE } from './window.js';

/** @typedef {import('./review.js').Review} Review @typedef {import('./window.js').Window} Window */

const PLACE = 'lungcore.window';
const PARTS = /** @type {const} */ (['center', 'width']);

/** Whether a number is whole and within what a window may be. @param {unknown} value @param {'center' | 'width'} part */
const isGood = (value, part) =>
  Number.isInteger(value) && Number(value) >= LIMITS[part].min && Number(value) <= LIMITS[part].max;

/** What was set here last, or the one that shows everything. @returns {Window} */
export function rememberedWindow() {
  try {
    const { center, width } = JSON.parse(localStorage.getItem(PLACE) ?? '{}');
    if (isGood(center, 'center') && isGood(width, 'width')) return { center, width };
  } catch {
    // Nothing that can be read is kept here.
  }
  return WIDE;
}

/** @param {Window} window */
export function rememberWindow(window) {
  try {
    localStorage.setItem(PLACE, JSON.stringify(window));
  } catch {
    // It then lasts for this page.
  }
}

export class WindowForm {
  /** @param {Review} review */
  constructor(review) {
    this.review = review;
    const { t } = review;
    const names = PARTS.map((name) => [name, this.field(name)]);
    /** @type {Record<'center' | 'width', HTMLInputElement>} */
    this.fields = Object.fromEntries(names);
    const knobs = PARTS.map((name) => element('label', { class: 'lv-knob' }, t(`window_${name}`), this.fields[name]));
    this.node = element(
      'form',
      { class: 'lv-window-form', hidden: true, 'aria-label': t('action_window_type'), submit: (event) => this.take(event), keydown: (event) => this.leave(event) },
      ...knobs,
      element('button', { class: 'lv-button', 'data-action': 'window_take' }, t('window_take')),
    );
    this.opened = watch();
  }

  /** @param {'center' | 'width'} name */
  field(name) {
    const { t } = this.review;
    const { min, max } = LIMITS[name];
    const input = element('input', { type: 'number', name, step: 1, required: true, min, max });
    input.addEventListener('input', () => input.setCustomValidity(''));
    input.addEventListener('invalid', () => input.setCustomValidity(t('window_limits', { min, max })));
    return input;
  }

  /** @param {Event} event */
  take(event) {
    event.preventDefault();
    const { center, width } = this.fields;
    const window = { center: center.valueAsNumber, width: width.valueAsNumber };
    rememberWindow(window);
    this.review.look((view) => view.setOwnWindow(window));
    this.close();
  }

  /** @param {KeyboardEvent} event */
  leave(event) {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    this.close();
  }

  close() {
    toImages(this.node);
    this.review.look((view) => {
      view.form = null;
    });
  }

  draw() {
    const { view } = this.review;
    if (!this.opened(view.form)) return;
    set(this.node, 'hidden', view.form !== 'window');
    if (view.form !== 'window') return;
    for (const name of PARTS) this.fields[name].value = String(view.window[name]);
    this.fields.center.select();
  }
}
