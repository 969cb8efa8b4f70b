// The line below the slices: how to look at them.

import { actionButton } from './buttons.js';
import { element, set } from './dom.js';
import { WindowForm } from './ownwindow.js';
import { presetOf } from './window.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */

/** The buttons in groups, and what those show that have a sign for a text. */
const GROUPS = {
  windows: ['window_lung', 'window_mediastinum', 'window_bone', 'window_soft_tissue', 'window_own', 'window_type'],
  slices: ['first_slice', 'page_back', 'slice_back', 'slice_on', 'page_on', 'last_slice'],
  moves: ['pan_left', 'pan_up', 'pan_down', 'pan_right', 'zoom_out', 'zoom_in', 'fit'],
  others: ['layout', 'pane', 'overlays', 'smooth', 'help', 'escape'],
};
/** @type {Record<string, string>} */
const SIGNS = {
  window_type: '…',
  first_slice: '⇤',
  page_back: '«',
  slice_back: '‹',
  slice_on: '›',
  page_on: '»',
  last_slice: '⇥',
  pan_left: '←',
  pan_up: '↑',
  pan_down: '↓',
  pan_right: '→',
  zoom_out: '−',
  zoom_in: '+',
  escape: '✕',
};

export class Footer {
  /** @param {Review} review @param {import('./actions.js').Actions} actions */
  constructor(review, actions) {
    this.review = review;
    const { t } = review;
    const groups = Object.entries(GROUPS).map(([name, members]) => {
      const buttons = members.map((action) => actionButton(action, actions, t, 'lv-quiet', SIGNS[action]));
      return element('div', { class: 'lv-group', role: 'group', 'aria-label': t(`group_${name}`) }, ...buttons);
    });
    this.form = new WindowForm(review);
    this.node = element(
      'div',
      { class: 'lv-footer', role: 'toolbar', 'aria-label': t('view_label') },
      ...groups,
      this.form.node,
    );
    this.buttons = [...this.node.querySelectorAll('button')];
    this.changed = watch();
  }

  draw() {
    this.form.draw();
    const { window, overlays, smooth, layout, form, mode, selected } = this.review.view;
    if (!this.changed(window, overlays, smooth, layout, form, mode, selected)) return;
    const preset = `window_${presetOf(window) ?? 'own'}`;
    /** @type {Record<string, boolean>} */
    const pressed = { overlays, smooth, layout: layout === 'three', [preset]: true };
    for (const button of this.buttons) {
      const action = button.dataset.action ?? '';
      const isSwitch = GROUPS.windows.includes(action) || action in pressed;
      if (action === 'window_type') set(button, 'aria-expanded', String(form === 'window'));
      else if (isSwitch) set(button, 'aria-pressed', String(pressed[action] ?? false));
      if (action === 'escape') set(button, 'aria-disabled', mode === 'read' && selected === null ? 'true' : null);
    }
  }
}
