// The tools that draw and measure, and the size of the brush while there is one.

import { actionButton } from './buttons.js';
import { element, set, write } from './dom.js';
import { Tools } from './tools.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */

const MODES = ['grow', 'brush', 'erase', 'calipers', 'ruler'];

export class Toolbox {
  /** @param {Review} review @param {import('./actions.js').Actions} actions */
  constructor(review, actions) {
    this.review = review;
    const { t } = review;
    const row = (/** @type {string[]} */ ...names) =>
      element('div', { class: 'lv-row' }, ...names.map((name) => actionButton(name, actions, t)));
    const input = (/** @type {Event} */ event) => this.choose(Number(/** @type {HTMLInputElement} */ (event.target).value));
    const limits = { min: 0, max: Tools.sizes.length - 1, step: 1 };
    this.slider = element('input', { type: 'range', ...limits, 'aria-label': t('brush_size'), input });
    this.size = element('output', { class: 'lv-brush-size' });
    this.flat = actionButton('brush_flat', actions, t, 'lv-chip');
    const [smaller, larger] = [['brush_smaller', '−'], ['brush_larger', '+']].map(([name, sign]) =>
      actionButton(name, actions, t, 'lv-quiet', sign),
    );
    this.brush = element('div', { class: 'lv-row lv-brush-row' }, smaller, this.slider, larger, this.size, this.flat);
    this.ellipsoid = row('as_ellipsoid');
    this.rulers = row('clear_rulers');
    this.node = element(
      'div',
      { class: 'lv-tools', role: 'group', 'aria-label': t('tools_label') },
      row('grow', 'brush', 'erase'),
      row('interpolate', 'calipers', 'ruler'),
      this.ellipsoid,
      this.brush,
      this.rulers,
    );
    this.changed = watch();
  }

  /** @param {number} place in the list of sizes */
  choose(place) {
    this.review.look(({ tools }) => {
      tools.brushMm = Tools.sizes[place];
    });
  }

  draw() {
    const { view, selected, mayMark, signed, t } = this.review;
    const { brushMm, isFlat, rulers } = view.tools;
    if (!this.changed(view.mode, selected, mayMark, signed, brushMm, isFlat, rulers)) return;
    const isOpen = mayMark && !signed;
    const needsFinding = ['erase', 'calipers', 'interpolate'];
    for (const button of this.node.querySelectorAll('button')) {
      const action = button.dataset.action ?? '';
      const isAble = action === 'ruler' || action === 'clear_rulers' || (isOpen && (selected || !needsFinding.includes(action)));
      set(button, 'aria-disabled', isAble ? null : 'true');
      if (MODES.includes(action)) set(button, 'aria-pressed', String(view.mode === action));
    }
    set(this.brush, 'hidden', view.mode !== 'brush' && view.mode !== 'erase');
    set(this.ellipsoid, 'hidden', !isOpen || !selected?.mask);
    set(this.rulers, 'hidden', !rulers.length);
    set(this.flat, 'aria-pressed', String(isFlat));
    this.slider.value = String(Tools.sizes.indexOf(brushMm));
    set(this.slider, 'aria-valuetext', t('length_mm', { mm: brushMm }));
    write(this.size, t('length_mm', { mm: brushMm }));
  }
}
