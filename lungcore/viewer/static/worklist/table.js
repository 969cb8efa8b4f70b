// The rows of the worklist.

import { element, set } from '../dom.js';
import { personName } from '../names.js';
import { button } from './frame.js';

/** @typedef {import('../texts.js').Translate} Translate */
/**
 * @typedef {{series_uid: string, patient_id: string, patient_name: string, study_date: string,
 *   prior: {series_uid: string, study_date: string} | null,
 *   study_description: string, series_description: string, slices: number, slice_mm: number,
 *   verdict: string, reasons: string[], state: string, findings: number | null,
 *   malignancy: number | null, phantom: boolean, imported_at: string}} Row
 */

/** @type {[string, string | null][]} Columns, and the key each is sorted by. */
const COLUMNS = [
  ['patient', 'patient_name'],
  ['study_date', 'study_date'],
  ['series', null],
  ['slices', null],
  ['verdict', 'verdict'],
  ['state', 'state'],
  ['findings', 'findings'],
  ['malignancy', 'malignancy'],
  ['imported_at', 'imported_at'],
];

/**
 * The head; each sortable column is a button that says how it is sorted.
 * @param {HTMLElement} head @param {{sort: string, descending: boolean}} view @param {Translate} t
 * @param {(key: string) => void} sortBy
 */
export function fillHead(head, view, t, sortBy) {
  const cells = COLUMNS.map(([column, key]) => {
    const label = t(`column_${column}`);
    const cell = element('th', { scope: 'col' });
    if (column === 'malignancy') set(cell, 'title', t('malignancy_meaning'));
    if (key === null) cell.append(label);
    else {
      const isSorted = key === view.sort;
      const arrow = view.descending ? ' ↓' : ' ↑';
      cell.append(button(isSorted ? label + arrow : label, () => sortBy(key), { 'data-sort': key }));
      if (isSorted) set(cell, 'aria-sort', view.descending ? 'descending' : 'ascending');
    }
    return cell;
  });
  head.replaceChildren(element('tr', {}, ...cells));
}

/**
 * The rows; a plain click opens within the page, a modified one follows the link.
 * @param {HTMLElement} body @param {Row[]} rows @param {Translate} t @param {(uid: string) => void} open
 */
export function fillBody(body, rows, t, open) {
  const shown = [...body.querySelectorAll('tr.reasons')].map((row) => row.getAttribute('data-of'));
  body.replaceChildren(...rows.flatMap((row) => {
    const line = seriesLine(row, t, open);
    return shown.includes(row.series_uid) ? [line, reasons(row)] : [line];
  }));
}

/** @param {Row} row @param {Translate} t @param {(uid: string) => void} open */
function seriesLine(row, t, open) {
  const line = element('tr', {
    'data-series': row.series_uid, 'data-state': row.state, 'data-verdict': row.verdict });
  line.append(
    element('td', { class: 'patient' }, patient(row, t, open)),
    element('td', { class: 'date' }, row.study_date || '–', ...comparison(row, t)),
    element('td', { class: 'series' }, row.series_description || row.study_description || '–'),
    element('td', { class: 'number' }, size(row)),
    element('td', {}, verdict(row, t, line)),
    element('td', {}, state(row, t), ...history(row, t)),
    element('td', { class: 'number' }, row.findings === null ? '–' : String(row.findings)),
    element('td', { class: 'number' }, ...bar(row.malignancy)),
    element('td', { class: 'quiet' }, minute(row.imported_at)),
  );
  if (row.verdict !== 'refuse') {
    line.classList.add('opens');
    line.addEventListener('click', (event) => {
      const isControl = event.target instanceof Element && event.target.closest('button, a');
      if (!isControl) open(row.series_uid);
    });
  }
  return line;
}

/** A moment as the reader's clock shows it. @param {string} moment in ISO 8601 */
function minute(moment) {
  const at = new Date(moment);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16).replace('T', ' ');
}

/** @param {Row} row */
function size(row) {
  return row.slice_mm > 0 ? `${row.slices} × ${row.slice_mm.toFixed(1)} mm` : String(row.slices);
}

/** The state; the verdict has said it of a refused series. @param {Row} row @param {Translate} t */
function state(row, t) {
  if (row.state === 'refused') return '–';
  return element('span', { class: `word state-${row.state}` }, t(`state_${row.state}`));
}

/** @param {Row} row @param {Translate} t @param {(uid: string) => void} open */
function patient(row, t, open) {
  const name = personName(row.patient_name) || row.patient_id || '–';
  const cell = element('span');
  if (row.verdict === 'refuse') cell.append(name);
  else cell.append(link(row, name, open));
  if (row.patient_id && row.patient_id !== name) {
    cell.append(element('span', { class: 'quiet' }, ` ${row.patient_id}`));
  }
  if (row.phantom) cell.append(element('span', { class: 'phantom' }, t('phantom')));
  return cell;
}

/** The way to what was done about a series that somebody reads. @param {Row} row @param {Translate} t */
function history({ series_uid, state }, t) {
  if (state !== 'in_review' && state !== 'signed') return [];
  const href = `history?series=${encodeURIComponent(series_uid)}`;
  return [element('a', { class: 'prior', href, target: '_self' }, t('history'))];
}

/** @param {Row} row @param {string} name @param {(uid: string) => void} open */
function link(row, name, open) {
  /** @param {MouseEvent} event */
  const click = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(row.series_uid);
  };
  return element('a', { href: `review?series=${encodeURIComponent(row.series_uid)}`, click }, name);
}

/** The way to the prior, where there is one. @param {Row} row @param {Translate} t */
function comparison({ series_uid, prior }, t) {
  if (!prior) return [];
  const query = new URLSearchParams({ series: series_uid, prior: prior.series_uid });
  const title = t('compare_with', { date: prior.study_date });
  const href = `compare?${query}`;
  return [element('a', { class: 'prior', href, title, 'aria-label': title, target: '_self' }, t('prior'))];
}

/** @param {Row} row @param {Translate} t @param {HTMLElement} line */
function verdict(row, t, line) {
  const word = t(`verdict_${row.verdict}`);
  const look = `word verdict-${row.verdict}`;
  if (row.reasons.length === 0) return element('span', { class: look }, word);
  const toggle = () => {
    const next = line.nextElementSibling;
    if (next?.classList.contains('reasons')) next.remove();
    else line.after(reasons(row));
  };
  return button(`${word} ▾`, toggle, { class: look, title: t('why') });
}

/** @param {Row} row */
function reasons(row) {
  const items = row.reasons.map((reason) => element('li', {}, reason));
  const cell = element('td', { colspan: COLUMNS.length }, element('ul', {}, ...items));
  return element('tr', { class: 'reasons', 'data-of': row.series_uid }, cell);
}

/** @param {number | null} malignancy @returns {(Node | string)[]} */
function bar(malignancy) {
  if (malignancy === null) return ['–'];
  const fill = element('span', { class: 'fill', style: `width:${Math.round(malignancy * 100)}%` });
  return [element('span', { class: 'bar' }, fill), malignancy.toFixed(2)];
}
