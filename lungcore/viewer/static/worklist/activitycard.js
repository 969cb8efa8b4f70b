// One upload or import: its present step, share and way out, then what became of every file.

import { element, set, write } from '../dom.js';
import { personName } from '../names.js';
import { button } from './frame.js';

/** @typedef {import('../texts.js').Translate} Translate */
/**
 * @typedef {{series_uid: string, patient_id: string, patient_name: string,
 *   series_description: string, verdict: string, reasons: string[], slices: number,
 *   new: boolean, phantom: boolean}} Entry
 * @typedef {{series: Entry[], files: {problem: string}[]}} Report
 */

const MOST_LINES = 8;

export class ActivityCard {
  /** @param {HTMLElement} slot @param {Translate} t */
  constructor(slot, t) {
    this.t = t;
    this.closing = () => {};
    this.line = element('span', { class: 'step' });
    this.fill = element('span', { class: 'fill' });
    this.track = element('span',
      { class: 'bar', role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100 }, this.fill);
    this.buttons = element('span', { class: 'actions' });
    this.list = element('ul');
    this.root = element('div', { class: 'card', 'data-activity': 'running' },
      element('div', { class: 'row' }, this.line, this.track, this.buttons), this.list);
    slot.append(this.root);
    this.progress(t('waiting'), 0);
  }

  remove() {
    this.closing();
    this.root.remove();
  }

  /** @param {string} text @param {number} fraction 0 to 1 */
  progress(text, fraction) {
    const percent = Math.round(fraction * 100);
    write(this.line, text);
    this.fill.style.width = `${percent}%`;
    set(this.track, 'aria-valuenow', percent);
  }

  /** @param {HTMLButtonElement} action the only one */
  actions(action) {
    this.buttons.replaceChildren(action);
  }

  /** @param {HTMLButtonElement} action before those that are there */
  addAction(action) {
    this.buttons.prepend(action);
  }

  /** @param {string} text @param {'done' | 'failed'} state */
  end(text, state) {
    write(this.line, text);
    this.track.remove();
    set(this.root, 'data-activity', state);
    this.actions(button(this.t('close'), () => this.remove(), { 'data-action': 'close' }));
  }

  /** @param {string} text */
  fail(text) {
    this.end(text, 'failed');
  }

  /** @param {Report} report @param {(uid: string) => void} open */
  report({ series, files }, open) {
    this.end(this.t('import_done'), 'done');
    this.list.append(...series.map((entry) => this.seriesLine(entry, open)));
    const lines = files.map(({ problem }) => element('li', { class: 'problem' }, problem));
    this.list.append(...lines.slice(0, MOST_LINES));
    const more = lines.slice(MOST_LINES);
    if (more.length === 0) return;
    const summary = element('summary', { class: 'problem' }, this.t('more_files', { n: more.length }));
    this.list.append(element('li', {}, element('details', {}, summary, element('ul', {}, ...more))));
  }

  /** @param {Entry} entry @param {(uid: string) => void} open */
  seriesLine(entry, open) {
    const facts = [title(entry), this.t('slices', { n: entry.slices })];
    if (!entry.new) facts.push(this.t('already_here'));
    const line = element('li', { 'data-series': entry.series_uid },
      element('span', { class: `word verdict-${entry.verdict}` }, this.t(`verdict_${entry.verdict}`)),
      ' ', ...(entry.phantom ? [element('span', { class: 'phantom' }, this.t('phantom'))] : []),
      ` ${[facts.join(' · '), ...entry.reasons].join(' ')} `);
    if (entry.verdict !== 'refuse') {
      line.append(button(this.t('open'), () => open(entry.series_uid), { class: 'quiet' }));
    }
    return line;
  }
}

/** Whose series it is, as the table names it. @param {Entry} entry */
function title({ patient_name, patient_id, series_description, series_uid }) {
  const patient = personName(patient_name) || patient_id || series_uid;
  return [patient, series_description].filter(Boolean).join(' · ');
}
