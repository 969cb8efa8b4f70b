// What is asked or shown in a dialog: all keys, sign, reopen.

import { element, set, write } from './dom.js';
import { KEY_CAPS } from './keys.js';
import { tally } from './model.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */

export class Dialogs {
  /** @param {Review} review */
  constructor(review) {
    this.review = review;
    this.summary = element('p', {});
    this.open = element('p', { class: 'lv-open' });
    this.reason = element('input', { name: 'reason', required: true, pattern: '.*\\S.*', maxlength: 500, autocomplete: 'off' });
    const label = element('label', {}, review.t('reopen_reason'), this.reason);
    this.dialogs = {
      help: this.make('help', keyTable(review.t)),
      sign: this.make('sign', element('div', {}, this.summary, this.open)),
      reopen: this.make('reopen', label),
    };
    this.node = element('div', { class: 'lv-dialogs' }, ...Object.values(this.dialogs));
    this.changed = watch();
  }

  /** @param {'help' | 'sign' | 'reopen'} name @param {HTMLElement} content */
  make(name, content) {
    const { t } = this.review;
    const title = t(`dialog_${name}`);
    const close = () => dialog.close();
    const buttons =
      name === 'help' ? [] : [element('button', { class: 'lv-button lv-main-button', 'data-action': `confirm_${name}` }, t(`action_${name}`))];
    const leave = { type: 'button', class: 'lv-button', 'data-action': 'close', click: close };
    const form = element(
      'form',
      { method: 'dialog', submit: () => this.confirm(name) },
      element('h2', {}, title),
      content,
      element('div', { class: 'lv-row' }, ...buttons, element('button', leave, t('action_close'))),
    );
    const dialog = element('dialog', { 'aria-label': title, 'data-dialog': name, close: () => this.closed(name) }, form);
    return dialog;
  }

  /** @param {import('./review.js').DialogName} name */
  confirm(name) {
    if (name === 'sign') this.review.save('sign');
    if (name === 'reopen') this.review.save('reopen', { reason: this.reason.value.trim() });
  }

  /** @param {import('./review.js').DialogName} name */
  closed(name) {
    if (this.review.dialog === name) this.review.dialog = null;
    this.reason.value = '';
    this.review.invalidate();
  }

  draw() {
    const { dialog } = this.review;
    if (!this.changed(dialog)) return;
    for (const [name, node] of Object.entries(this.dialogs)) if (name !== dialog && node.open) node.close();
    if (!dialog || dialog === 'merge') return;
    if (dialog === 'sign') this.drawSummary();
    this.dialogs[dialog].showModal();
  }

  drawSummary() {
    const { t, findings } = this.review;
    const counts = tally(findings);
    const { accepted, edited, rejected, added, machine } = counts;
    write(this.summary, t('sign_summary', { accepted, edited, rejected, added }));
    write(this.open, machine ? t('sign_open', { n: machine }) : '');
    set(this.open, 'hidden', machine === 0);
  }
}

/** @param {import('./texts.js').Translate} t */
function keyTable(t) {
  const rows = Object.entries(KEY_CAPS).map(([action, caps]) => {
    const keys = caps.split(' ').map((cap) => element('kbd', {}, cap));
    return element('div', {}, element('dt', {}, ...keys), element('dd', {}, t(`action_${action}`)));
  });
  const mouse = ['wheel', 'drag', 'point', 'window', 'pan', 'zoom', 'edit', 'swell'].map((name) =>
    element('div', {}, element('dt', {}, t(`mouse_${name}`)), element('dd', {}, t(`mouse_${name}_does`))),
  );
  return element('dl', { class: 'lv-keys' }, ...rows, ...mouse);
}
