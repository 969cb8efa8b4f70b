// The line above both scans: whose they are, which prior, and how the two are linked.

import { element, set, write } from '../dom.js';
import { kindsOf } from './link.js';

/**
 * @typedef {import('./compare.js').Compare} Compare
 * @typedef {import('./link.js').LinkKind} LinkKind
 * @typedef {import('../review.js').Series} Series
 */

export class Bar {
  /** @param {Compare} compare @param {Series[]} others the patient's other series */
  constructor(compare, others) {
    const { t } = compare;
    this.compare = compare;
    this.choice = element('select', { 'aria-label': t('compare_link'), name: 'link' });
    this.choice.addEventListener('change', () => compare.link(/** @type {LinkKind} */ (this.choice.value)));
    this.offset = element('input', { type: 'number', step: 0.5, name: 'offset', 'aria-label': t('compare_offset') });
    this.offset.addEventListener('change', () => compare.setOffset(Number(this.offset.value)));
    this.offsetKnob = knob(t('compare_offset'), this.offset);
    this.quality = element('span', { class: 'lv-dim', role: 'status' });
    this.node = element(
      'header',
      { class: 'lv-banner' },
      element('a', { href: './', class: 'lv-link', target: '_self' }, t('worklist')),
      ...this.whose(),
      ...this.which(others),
      knob(t('compare_link'), this.choice),
      this.offsetKnob,
      element('button', { type: 'button', class: 'lv-button', 'data-action': 'anchor', click: () => compare.setAnchor() }, t('compare_anchor')),
      this.quality,
    );
    this.draw();
  }

  whose() {
    const { t, found } = this.compare;
    if (!found) return [];
    const apart = found.days === null ? '' : t('compare_days', { n: found.days });
    return [element('strong', { class: 'lv-patient' }, found.current.patient_id), element('span', { class: 'lv-study lv-dim' }, apart)];
  }

  /** Where there are several, another one can be chosen. @param {Series[]} others */
  which(others) {
    const { t, data } = this.compare;
    if (others.length < 2) return [];
    const options = others.map(({ series_uid, study_date, series_description, slices }) => {
      const said = [study_date, series_description, t('slices', { n: slices })].filter(Boolean).join(' · ');
      return element('option', { value: series_uid, selected: series_uid === data.prior_uid }, said);
    });
    const choice = element('select', { 'aria-label': t('compare_other'), name: 'prior' }, ...options);
    choice.addEventListener('change', () => {
      window.location.assign(`compare?${new URLSearchParams({ series: data.series_uid, prior: choice.value })}`);
    });
    return [knob(t('compare_other'), choice)];
  }

  draw() {
    const { t, found, kind, offsetMm } = this.compare;
    if (!found) return;
    const kinds = kindsOf(found.frame, found.alignment);
    this.choice.replaceChildren(...kinds.map((one) => element('option', { value: one, selected: one === kind }, t(`link_${one}`))));
    write(this.quality, this.qualityText());
    this.offset.value = offsetMm.toFixed(1);
    set(this.offsetKnob, 'hidden', kind !== 'anchor');
  }

  qualityText() {
    const { t, found, kind } = this.compare;
    const { alignment } = found ?? {};
    if (!alignment) return t('alignment_none');
    if (!isEnded(alignment)) return t('alignment_running');
    if (!alignment.good) return t('alignment_bad');
    return kind === 'lungs' ? t('alignment_good', { overlap: (alignment.overlap ?? 0).toFixed(2) }) : '';
  }
}

/** @param {import('./link.js').Alignment | null} alignment */
export function isEnded(alignment) {
  return !alignment || ['done', 'failed', 'cancelled'].includes(alignment.state);
}

/** @param {string} label @param {HTMLElement} control */
function knob(label, control) {
  return element('label', { class: 'lv-knob' }, label, control);
}
