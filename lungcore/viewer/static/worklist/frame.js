// The fixed parts of the worklist page, and what their controls do.

import { element } from '../dom.js';

/** @typedef {import('../texts.js').Translate} Translate */
/** @typedef {import('./worklist.js').Worklist} Worklist */

const STATES = ['imported', 'detecting', 'ready', 'in_review', 'signed'];
const VERDICTS = ['accept', 'warn', 'refuse'];

/** The parts in their order on the page, and those that change by name. @param {Translate} t @param {Worklist} list */
export function buildFrame(t, list) {
  const changing = {
    total: element('span', { class: 'total' }),
    search: searchBox(t, list),
    activity: element('div', { class: 'activity', 'aria-live': 'polite' }),
    head: element('thead'),
    body: element('tbody'),
    nothing: nothingMatches(t, list),
    position: element('span'),
    previous: button('‹', () => list.turn(-1), { 'aria-label': t('previous') }),
    next: button('›', () => list.turn(1), { 'aria-label': t('next') }),
    chips: [...chips('states', STATES, t, list), ...chips('verdicts', VERDICTS, t, list)],
  };
  const { total, search, activity, head, body, nothing, position, previous, next } = changing;
  const pager = element('div', { class: 'pager' }, previous, position, next);
  return {
    ...changing,
    pager,
    parts: [
      header(t, list, total, search),
      filters(t, changing.chips),
      activity,
      welcome(t, list),
      element('div', { class: 'rows' }, element('table', {}, head, body)),
      nothing,
      pager,
      element('div', { class: 'dropzone' }, t('drop_here')),
    ],
  };
}

/**
 * A real button, so that it is reached by keyboard.
 * @param {string} label @param {() => void} act @param {import('../dom.js').Attributes} [attributes]
 */
export function button(label, act, attributes = {}) {
  return element('button', { type: 'button', ...attributes, click: act }, label);
}

/** @param {Translate} t @param {Worklist} list @param {Node} total @param {Node} search */
function header(t, list, total, search) {
  const files = picker(list, { 'data-input': 'files' });
  const folder = picker(list, { 'data-input': 'folder', webkitdirectory: true });
  const found = [element('h1', {}, t('title')), total, search];
  if (!list.mayBring) return element('header', {}, ...found);
  return element('header', {}, ...found, element('span', { class: 'spring' }), files, folder,
    button(t('upload_files'), () => files.click(), { class: 'main', 'data-action': 'upload-files' }),
    button(t('upload_folder'), () => folder.click(), { 'data-action': 'upload-folder' }));
}

/** @param {Worklist} list @param {import('../dom.js').Attributes} attributes */
function picker(list, attributes) {
  const input = element('input', { type: 'file', multiple: true, hidden: true, ...attributes });
  input.addEventListener('change', () => {
    const items = [...(input.files ?? [])];
    list.upload(items.map((file) => ({ file, name: file.webkitRelativePath || file.name })));
    input.value = '';
  });
  return input;
}

/** @param {Translate} t @param {Worklist} list */
function searchBox(t, list) {
  const label = t('search');
  return element('input', {
    type: 'search', placeholder: label, 'aria-label': label, input: () => list.search() });
}

/** @param {'states' | 'verdicts'} group @param {string[]} names @param {Translate} t @param {Worklist} list */
function chips(group, names, t, list) {
  const word = group === 'states' ? 'state' : 'verdict';
  return names.map((name) => ({
    group,
    name,
    button: button(t(`${word}_${name}`), () => list.toggle(group, name),
      { class: 'chip', 'data-filter': `${word}:${name}` }),
  }));
}

/** @param {Translate} t @param {ReturnType<typeof chips>} all */
function filters(t, all) {
  /** @param {string} group @param {string} label */
  const row = (group, label) => element('div', { class: 'chips', role: 'group', 'aria-label': label },
    ...all.filter((chip) => chip.group === group).map((chip) => chip.button));
  return element('div', { class: 'filters' },
    row('states', t('column_state')), row('verdicts', t('column_verdict')));
}

/** @param {Translate} t @param {Worklist} list */
function welcome(t, list) {
  const title = element('h2', {}, t('empty_title'));
  if (!list.mayBring) return element('section', { class: 'welcome' }, title, element('p', {}, t('empty_waits')));
  return element('section', { class: 'welcome' },
    title,
    element('p', {}, t('empty_text')),
    element('p', {}, t('empty_phantom')),
    button(t('try_phantom'), () => list.phantom(), { 'data-action': 'phantom' }));
}

/** @param {Translate} t @param {Worklist} list */
function nothingMatches(t, list) {
  return element('p', { class: 'nothing', hidden: true },
    t('nothing_matches'), ' ', button(t('clear_filters'), () => list.clear(), { class: 'quiet' }));
}
