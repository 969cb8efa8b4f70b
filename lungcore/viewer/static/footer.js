// The line below the slices: how to look at them.

import { actionButton } from './buttons.js';
import { element, set } from './dom.js';
import { presetOf } from './window.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */

const ACTIONS = [
  'window_lung',
  'window_mediastinum',
  'window_bone',
  'window_soft_tissue',
  'window_own',
  'zoom_in',
  'zoom_out',
  'fit',
  'layout',
  'pane',
  'overlays',
  'smooth',
  'help',
];

export class Footer {
  /** @param {Review} review @param {import('./actions.js').Actions} actions */
  constructor(review, actions) {
    this.review = review;
    const { t } = review;
    this.buttons = ACTIONS.map((name) => actionButton(name, actions, t, 'lv-quiet'));
    this.node = element(
      'div',
      { class: 'lv-footer', role: 'toolbar', 'aria-label': t('view_label') },
      ...this.buttons,
    );
    this.changed = watch();
  }

  draw() {
    const { window, overlays, smooth, layout } = this.review.view;
    if (!this.changed(window, overlays, smooth, layout)) return;
    const preset = `window_${presetOf(window) ?? 'own'}`;
    /** @type {Record<string, boolean>} */
    const pressed = { overlays, smooth, layout: layout === 'three', [preset]: true };
    for (const button of this.buttons) {
      const action = button.dataset.action ?? '';
      const isSwitch = action.startsWith('window_') || action in pressed;
      if (isSwitch) set(button, 'aria-pressed', String(pressed[action] ?? false));
    }
  }
}
