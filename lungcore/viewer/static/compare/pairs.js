// The nodules of both scans, paired, with how they grew; a click shows one on both sides.

import { element, set } from '../dom.js';

/**
 * @typedef {import('../model.js').Finding} Finding
 * @typedef {import('../texts.js').Translate} Translate
 * @typedef {{days: number, change: number, course: 'grown' | 'stable' | 'shrunk',
 *   doubling_days: number | null, doubling_interval_days: (number | null)[],
 *   caveats: string[]}} Growth
 * @typedef {{prior: Finding | null, current: Finding | null,
 *   sizes: ({diameter_mm: number} | null)[], growth: Growth | null}} Pair  sizes: prior, current
 */

export class Pairs {
  /** @param {Pair[] | null} pairs @param {Translate} t @param {(pair: Pair) => void} show */
  constructor(pairs, t, show) {
    this.t = t;
    this.show = show;
    this.list = element('ol', { class: 'lv-cards lv-pairs' });
    this.note = element('p', { class: 'lv-disclaimer' }, t('compare_sizes'));
    this.node = element('aside', { class: 'lv-panel', 'aria-label': t('compare_pairs') }, this.list, this.note, element('p', { class: 'lv-disclaimer' }, t('disclaimer')));
    this.take(pairs);
  }

  /** @param {Pair[] | null} pairs null where nothing tells which belongs to which */
  take(pairs) {
    const { t } = this;
    const said = (/** @type {string} */ text) => element('li', { class: 'lv-empty' }, text);
    const items = pairs?.map((pair) => this.item(pair)) ?? [said(t('compare_unmatched'))];
    set(this.note, 'hidden', !pairs?.length);
    this.list.replaceChildren(...(items.length ? items : [said(t('findings_none'))]));
  }

  /** @param {Pair} pair */
  item(pair) {
    const { t } = this;
    const size = (/** @type {{diameter_mm: number} | null} */ one) =>
      one ? t('length_mm', { mm: one.diameter_mm.toFixed(1) }) : t('compare_absent');
    const course = pair.growth?.course ?? (pair.current ? 'new' : 'gone');
    const button = element(
      'button',
      { type: 'button', class: 'lv-card', 'data-pair': course, click: () => this.choose(button, pair) },
      element(
        'span',
        { class: 'lv-facts' },
        element('span', { class: 'lv-line' }, element('strong', {}, pair.sizes.map(size).join(' → ')), element('span', { class: 'lv-course' }, t(`course_${course}`))),
        ...this.lines(pair.growth),
      ),
    );
    return element('li', {}, button);
  }

  /** @param {Growth | null} growth */
  lines(growth) {
    if (!growth) return [];
    const { t } = this;
    const line = (/** @type {string} */ text, dim = '') => element('span', { class: `lv-line ${dim}` }, text);
    const percent = Math.round(100 * growth.change);
    const sign = percent > 0 ? '+' : percent < 0 ? '−' : '';
    const lines = [line(t('growth_change', { percent: `${sign}${Math.abs(percent)}`, days: growth.days }))];
    lines.push(line(this.doubling(growth)));
    return [...lines, ...growth.caveats.map((name) => line(t(`caveat_${name}`), 'lv-dim'))];
  }

  /** @param {Growth} growth */
  doubling({ doubling_days: days, doubling_interval_days: [low, high] }) {
    const { t } = this;
    const whole = (/** @type {number} */ value) => Math.round(value);
    if (days !== null && low !== null && high !== null) {
      return t('growth_doubling', { days: whole(days), low: whole(low), high: whole(high) });
    }
    if (low !== null) return t('growth_doubling_least', { low: whole(low) });
    return t('growth_no_doubling');
  }

  /** @param {HTMLElement} button @param {Pair} pair */
  choose(button, pair) {
    for (const other of this.list.querySelectorAll('button')) {
      set(other, 'aria-current', other === button ? 'true' : null);
    }
    this.show(pair);
  }
}
