// The line above the slices: whose study this is, what to know about it, who reads it.

import { actionButton } from './buttons.js';
import { element, set, write } from './dom.js';
import { KEY_CAPS } from './keys.js';
import { personName } from './names.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */
/** @typedef {import('./review.js').Series} Series */

/** The time of day, as clocks show it. @param {string} iso */
export function clockTime(iso) {
  const at = new Date(iso);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}

/** The local day and time. @param {string} iso */
export function dayAndTime(iso) {
  const at = new Date(iso);
  const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((n) => String(n).padStart(2, '0'));
  return `${day.join('-')} ${clockTime(iso)}`;
}

export class Banner {
  /** @param {Review} review @param {import('./actions.js').Actions} actions */
  constructor(review, actions) {
    this.review = review;
    const { t, opened, series, api } = review;
    const button = (/** @type {string} */ name) => actionButton(name, actions, t, 'lv-button lv-main-button');
    this.saved = element('span', { class: 'lv-saved', role: 'status', 'aria-live': 'polite' });
    this.reader = element('span', { class: 'lv-reader lv-dim' });
    this.sign = button('sign');
    this.reopen = button('reopen');
    const onward = actionButton('next_study', actions, t, 'lv-button');
    set(onward, 'hidden', review.nextStudy === null || opened.reading.round !== null);
    const originals = element('a', { href: api.originalsUrl, class: 'lv-link', download: true }, t('originals'));
    const history = element('a', { href: `history?series=${series.series_uid}`, class: 'lv-link', target: '_self' }, t('history'));
    this.node = element(
      'header',
      { class: 'lv-banner' },
      element('a', { href: opened.worklist_url, class: 'lv-link', target: '_self' }, opened.reading.round ? t('queue') : t('worklist')),
      ...this.tags(),
      element('strong', { class: 'lv-patient', title: patientLine(series, t) }, patientLine(series, t)),
      element('span', { class: 'lv-study lv-dim' }, studyLine(series, t)),
      originals,
      history,
      ...this.comparison(),
      this.saved,
      this.reader,
      this.sign,
      this.reopen,
      onward,
    );
    this.changed = watch();
  }

  /** Phantom and warnings: what must not be overlooked. */
  tags() {
    const { series, t, opened } = this.review;
    const tags = [];
    const { round } = opened.reading;
    if (round) tags.push(element('span', { class: 'lv-tag', 'data-round': round }, t('round', { name: round })));
    if (series.phantom) tags.push(element('span', { class: 'lv-tag lv-phantom' }, t('phantom')));
    if (series.reasons.length) {
      const warning = t('warnings', { n: series.reasons.length });
      const reasons = series.reasons.map((reason) => element('li', {}, reason));
      tags.push(
        element(
          'details',
          { class: 'lv-warnings' },
          element('summary', { class: 'lv-tag' }, warning),
          element('ul', {}, ...reasons),
        ),
      );
    }
    return tags;
  }

  /** The way to the prior, where there is one. */
  comparison() {
    const { review } = this;
    const { t, opened } = review;
    const address = review.compareAddress;
    if (!address || !opened.prior) return [];
    const title = t('title_key', { label: t('action_compare'), key: KEY_CAPS.compare });
    const text = t('compare_with', { date: opened.prior.study_date });
    return [element('a', { href: address, class: 'lv-link', target: '_self', title, 'data-action': 'compare' }, text)];
  }

  draw() {
    const { answer, queue } = this.review;
    if (!this.changed(answer, queue.saving)) return;
    write(this.saved, this.savedText());
    set(this.saved, 'data-saving', queue.saving);
    write(this.reader, this.readerText());
    set(this.reader, 'title', this.readerText());
    const { mayMark } = this.review;
    set(this.sign, 'hidden', !mayMark || answer.reading.signed);
    set(this.reopen, 'hidden', !mayMark || !answer.reading.signed);
  }

  savedText() {
    const { t, answer, queue } = this.review;
    if (queue.saving === 'error') return t('not_saved');
    if (queue.saving === 'saving') return t('saving');
    const { saved_at } = answer.reading;
    return saved_at ? t('saved_at', { time: clockTime(saved_at) }) : '';
  }

  readerText() {
    const { t, answer, opened } = this.review;
    const { signed, signed_at, reader } = answer.reading;
    const own =
      signed && signed_at
        ? t('signed_by', { reader, time: dayAndTime(signed_at) })
        : t('reader', { reader });
    const others = opened.also_read_by.map((other) => other.reader);
    return others.length ? t('reader_and_others', { own, others: others.join(', ') }) : own;
  }
}

/** @param {Series} series @param {import('./texts.js').Translate} t */
export function patientLine(series, t) {
  const born = series.patient_birth_date && t('born', { date: series.patient_birth_date });
  const { patient_name, patient_id, patient_sex } = series;
  // De-identified studies often have the id for a name.
  const who = new Set([personName(patient_name), patient_id]);
  return [...who, patient_sex, born].filter(Boolean).join(' · ');
}

/** @param {Series} series @param {import('./texts.js').Translate} t */
export function studyLine(series, t) {
  const thickness = series.slice_thickness_mm;
  const made = [
    t('slices', { n: series.slices }),
    thickness === null ? '' : t('length_mm', { mm: thickness }),
    series.convolution_kernel,
  ];
  const { study_date, study_description, series_description } = series;
  return [study_date, study_description, series_description, ...made].filter(Boolean).join(' · ');
}
