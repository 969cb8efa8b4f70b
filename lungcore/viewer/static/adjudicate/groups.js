// The nodules that readers marked, each with what every reader says of it; a click shows it.

import { element, set, write } from '../dom.js';
import { watch } from '../watch.js';
import { decidedOf, verdictText } from './told.js';

/** @typedef {import('./told.js').Adjudication} Adjudication */
/** @typedef {import('./told.js').Group} Group */

export class Groups {
  /** @param {import('../texts.js').Translate} t @param {(number: number) => void} show */
  constructor(t, show) {
    this.t = t;
    this.show = show;
    this.count = element('h2', {});
    this.list = element('ol', { class: 'lv-cards' });
    this.changed = watch();
  }

  /** @param {Adjudication} told @param {string[]} called @param {number | null} selected */
  draw(told, called, selected) {
    if (this.changed(told, called)) {
      const { groups } = told;
      write(this.count, this.t('adjudicate_decided_of', { n: decidedOf(groups), all: groups.length }));
      const cards = groups.map((group, number) => this.card(group, number, called));
      const empty = element('li', { class: 'lv-empty' }, this.t('adjudicate_no_marks'));
      this.list.replaceChildren(...(cards.length ? cards : [empty]));
    }
    for (const button of this.list.querySelectorAll('button')) {
      const isSelected = button.dataset.group === String(selected);
      if (isSelected && !button.hasAttribute('aria-current')) button.scrollIntoView({ block: 'nearest' });
      set(button, 'aria-current', isSelected ? 'true' : null);
    }
  }

  /** @param {Group} group @param {number} number @param {string[]} called */
  card(group, number, called) {
    const { t } = this;
    const verdict = element('span', { class: 'lv-verdict' }, verdictText(group, called.length, called, t));
    const disputes = group.disputes.map((name) => t(`dispute_${name}`)).join(' · ');
    const rows = called.map((name, reader) => this.reader(group, name, reader));
    const reason = group.decision ? [element('span', { class: 'lv-line lv-dim' }, group.decision.reason)] : [];
    const button = element(
      'button',
      { type: 'button', class: 'lv-card', 'data-group': number, 'data-decided': group.decision !== null, click: () => this.show(number) },
      element(
        'span',
        { class: 'lv-facts' },
        element('span', { class: 'lv-line' }, element('strong', {}, String(number + 1)), verdict),
        element('span', { class: 'lv-line lv-disputes', 'data-disputed': Boolean(disputes) }, disputes || t('dispute_none')),
        ...rows,
        ...reason,
      ),
    );
    return element('li', {}, button);
  }

  /** What one reader says of it. @param {Group} group @param {string} name @param {number} reader */
  reader({ marks }, name, reader) {
    const { t } = this;
    const mark = marks.find((one) => one.reader === reader);
    const said = mark
      ? [
          mark.diameter_mm === null ? t('adjudicate_unsized') : t('length_mm', { mm: mark.diameter_mm.toFixed(1) }),
          mark.nodule_type && t(`value_nodule_type_${mark.nodule_type}`),
          mark.attributes.malignancy && t('adjudicate_malignancy', { n: mark.attributes.malignancy }),
        ].filter(Boolean)
      : [t('adjudicate_absent')];
    const rated = Object.entries(mark?.attributes ?? {}).map(([key, value]) => `${t(`ask_${key}`)} ${value}`);
    return element(
      'span',
      { class: 'lv-line lv-said', 'data-reader': reader % 6, 'data-absent': !mark, title: rated.join(', ') || null },
      element('span', { class: 'lv-who' }, name),
      element('span', {}, said.join(' · ')),
    );
  }
}
