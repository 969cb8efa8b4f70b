// The line above the case: whose it is, how its adjudication stands, whether readers are named.

import { patientLine, studyLine } from '../banner.js';
import { element, set, write } from '../dom.js';

/** @typedef {import('./adjudicate.js').Adjudicate} Adjudicate */

export class Bar {
  /** @param {Adjudicate} page @param {import('../review.js').Series} series */
  constructor(page, series) {
    const { t } = page;
    this.page = page;
    const button = (/** @type {string} */ name, /** @type {() => void} */ click) =>
      element('button', { type: 'button', class: 'lv-button', 'data-action': name, click }, t(`adjudicate_${name}`));
    this.standing = element('span', { class: 'lv-tag' });
    this.stale = element('span', { class: 'lv-dim', role: 'status' });
    this.names = button('names', () => page.toggleNames());
    this.begin = button('begin', () => void page.act('begin', {}));
    const patient = patientLine(series, t);
    this.node = element(
      'header',
      { class: 'lv-banner' },
      element('a', { href: 'adjudication', class: 'lv-link', target: '_self' }, t('adjudicate_list')),
      ...(series.phantom ? [element('span', { class: 'lv-tag lv-phantom' }, t('phantom'))] : []),
      this.standing,
      element('strong', { class: 'lv-patient', title: patient }, patient),
      element('span', { class: 'lv-study lv-dim' }, studyLine(series, t)),
      ...[this.stale, this.begin, this.names],
    );
  }

  /** @param {import('./told.js').Adjudication} told */
  draw({ is_finished: isFinished, counts, is_stale: isStale, is_begun: isBegun }) {
    const { t, areNamesShown } = this.page;
    const standing = isFinished ? 'finished' : counts === null ? 'open' : 'reopened';
    write(this.standing, t(`standing_${standing}`));
    write(this.stale, isBegun && isStale ? t('adjudicate_stale') : '');
    set(this.begin, 'hidden', !isBegun || !isStale || isFinished);
    set(this.names, 'aria-pressed', String(areNamesShown));
  }
}
