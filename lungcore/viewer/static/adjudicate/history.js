// Who decided what, when and why, the latest first; what was taken back stays there, struck out.

import { dayAndTime } from '../banner.js';
import { element, write } from '../dom.js';
import { watch } from '../watch.js';

/** @typedef {import('./told.js').Act} Act */

export class History {
  /** @param {import('../texts.js').Translate} t */
  constructor(t) {
    this.t = t;
    this.summary = element('summary', {});
    this.list = element('ol', { class: 'lv-history' });
    this.node = element('details', { class: 'lv-dim' }, this.summary, this.list);
    this.changed = watch();
  }

  /** @param {Act[]} history */
  draw(history) {
    if (!this.changed(history)) return;
    write(this.summary, this.t('adjudicate_history', { n: history.length }));
    this.list.replaceChildren(...history.toReversed().map((act) => this.line(act)));
  }

  /** @param {Act} act */
  line({ seq, kind, at, by, said, in_force: isInForce }) {
    const isBack = (kind === 'decide' || kind === 'rest') && !isInForce;
    const text = [`${seq}.`, this.told(kind, said), said.reason].filter(Boolean).join(' ');
    const what = element(isBack ? 's' : 'span', {}, text);
    return element('li', {}, what, ' ', element('small', {}, `${by}, ${dayAndTime(at)}`));
  }

  /** @param {string} kind @param {Record<string, any>} said */
  told(kind, said) {
    const { t } = this;
    if (kind === 'decide') return t(said.nodule ? 'act_nodule' : 'act_none', { number: said.group + 1 });
    if (kind === 'rest') return t('act_rest', { method: t(`method_${said.method}`) });
    if (kind === 'take_back') return t('act_take_back', { seq: said.seq });
    return t(`act_${kind}`);
  }
}
