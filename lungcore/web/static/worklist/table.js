// The rows of the worklist.
// @ts-check
import { button, element } from './dom.js';

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

/** The head, each sortable column as a button that says how it is sorted. */
export function tableHead(head, view, t, sortBy) {
  const cells = COLUMNS.map(([column, key]) => {
    const label = t(`column_${column}`);
    const isSorted = key !== null && key === view.sort;
    const arrow = isSorted ? (view.descending ? ' ↓' : ' ↑') : '';
    const cell = element('th', { scope: 'col', class: column }, [
      key === null ? label : button(label + arrow, () => sortBy(key), { 'data-sort': key }),
    ]);
    if (isSorted) cell.setAttribute('aria-sort', view.descending ? 'descending' : 'ascending');
    if (column === 'malignancy') cell.title = t('malignancy_meaning');
    return cell;
  });
  head.replaceChildren(element('tr', {}, cells));
}

/** The rows; a plain click opens within the page, a modified one follows the link. */
export function fillTable(body, rows, t, open) {
  const opened = new Set([...body.querySelectorAll('tr.reasons')].map((row) => row.dataset.of));
  body.replaceChildren(...rows.flatMap((row) => seriesRows(row, t, open, opened.has(row.series_uid))));
}

function seriesRows(row, t, open, showReasons) {
  const line = element('tr', { 'data-series': row.series_uid, 'data-state': row.state, 'data-verdict': row.verdict });
  line.append(
    element('td', { class: 'patient' }, [patient(row, t, open)]),
    element('td', {}, [row.study_date || '–']),
    element('td', { class: 'series' }, [row.series_description || row.study_description || '–']),
    element('td', { class: 'number' }, [size(row)]),
    element('td', {}, [verdict(row, t, line)]),
    element('td', {}, [state(row, t)]),
    element('td', { class: 'number' }, [row.findings === null ? '–' : String(row.findings)]),
    element('td', { class: 'malignancy' }, bar(row.malignancy)),
    element('td', { class: 'quiet' }, [row.imported_at]),
  );
  if (row.verdict !== 'refuse') {
    line.classList.add('opens');
    line.addEventListener('click', (event) => {
      if (event.target instanceof Element && event.target.closest('button, a')) return;
      open(row.series_uid);
    });
  }
  return showReasons ? [line, reasons(row)] : [line];
}

function size(row) {
  return row.slice_mm > 0 ? `${row.slices} × ${row.slice_mm.toFixed(1)} mm` : String(row.slices);
}

// The verdict has said it of a refused series.
function state(row, t) {
  if (row.state === 'refused') return '–';
  return element('span', { class: `word state-${row.state}` }, [t(`state_${row.state}`)]);
}

function patient(row, t, open) {
  const name = row.patient_name || row.patient_id || '–';
  const isOther = row.patient_name && row.patient_name !== row.patient_id;
  const id = element('span', { class: 'quiet' }, [isOther ? ` ${row.patient_id}` : '']);
  const mark = row.phantom ? [element('span', { class: 'phantom' }, [t('phantom')])] : [];
  if (row.verdict === 'refuse') return element('span', {}, [name, id, ...mark]);
  const link = element('a', { href: `review?series=${encodeURIComponent(row.series_uid)}` }, [name]);
  link.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(row.series_uid);
  });
  return element('span', {}, [link, id, ...mark]);
}

function verdict(row, t, line) {
  const word = t(`verdict_${row.verdict}`);
  if (row.reasons.length === 0) return element('span', { class: `word verdict-${row.verdict}` }, [word]);
  const toggle = () => {
    const next = line.nextElementSibling;
    if (next?.classList.contains('reasons')) next.remove();
    else line.after(reasons(row));
  };
  return button(`${word} ▾`, toggle, { class: `word verdict-${row.verdict}`, title: t('why') });
}

function reasons(row) {
  const items = row.reasons.map((reason) => element('li', {}, [reason]));
  const cell = element('td', { colspan: String(COLUMNS.length) }, [element('ul', {}, items)]);
  return element('tr', { class: 'reasons', 'data-of': row.series_uid }, [cell]);
}

function bar(malignancy) {
  if (malignancy === null) return ['–'];
  const fill = element('span', { class: 'fill', style: `width:${Math.round(malignancy * 100)}%` });
  return [element('span', { class: 'bar' }, [fill]), malignancy.toFixed(2)];
}
