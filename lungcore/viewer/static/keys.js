// The keyboard. Keys act wherever the focus is, except in a field or a dialog.

/** @typedef {import('./actions.js').Actions} Actions */

/** The action of each key, by KeyboardEvent.key in lower case. @type {Record<string, string>} */
export const KEYS = {
  n: 'next',
  p: 'previous',
  a: 'accept',
  r: 'reject',
  e: 'edit',
  'shift+e': 'as_ellipsoid',
  d: 'add',
  u: 'undo',
  y: 'redo',
  g: 'grow',
  b: 'brush',
  x: 'erase',
  j: 'interpolate',
  k: 'calipers',
  m: 'ruler',
  t: 'brush_flat',
  '[': 'brush_smaller',
  ']': 'brush_larger',
  '/': 'label',
  ';': 'scan',
  delete: 'clear_rulers',
  s: 'sign',
  'shift+s': 'reopen',
  'shift+m': 'merge',
  w: 'next_study',
  arrowup: 'slice_back',
  arrowleft: 'slice_back',
  arrowdown: 'slice_on',
  arrowright: 'slice_on',
  pageup: 'page_back',
  pagedown: 'page_on',
  home: 'first_slice',
  end: 'last_slice',
  1: 'window_lung',
  2: 'window_mediastinum',
  3: 'window_bone',
  4: 'window_soft_tissue',
  5: 'window_own',
  'shift+w': 'window_type',
  'shift+p': 'filter',
  '+': 'zoom_in',
  '=': 'zoom_in',
  '-': 'zoom_out',
  0: 'fit',
  f: 'fit',
  v: 'layout',
  q: 'pane',
  h: 'overlays',
  i: 'smooth',
  6: 'slab',
  ',': 'slab_thinner',
  '.': 'slab_thicker',
  c: 'cine',
  z: 'lens',
  7: 'layer_lungs',
  8: 'layer_nodule',
  9: 'layer_attribution',
  l: 'theme',
  o: 'compare',
  'shift+arrowup': 'pan_up',
  'shift+arrowdown': 'pan_down',
  'shift+arrowleft': 'pan_left',
  'shift+arrowright': 'pan_right',
  '?': 'help',
  escape: 'escape',
};

/** Those with Ctrl, or the command key. @type {Record<string, string>} */
export const CONTROL_KEYS = { z: 'undo', 'shift+z': 'redo', y: 'redo', s: 'retry' };

/** What goes on while a key is held down. */
const HELD = new Set([
  ...['slice_back', 'slice_on', 'page_back', 'page_on', 'zoom_in', 'zoom_out'],
  ...['brush_smaller', 'brush_larger'],
  ...['pan_up', 'pan_down', 'pan_left', 'pan_right'],
]);

/** What the interface calls the keys of an action. @type {Record<string, string>} */
export const KEY_CAPS = {
  next: 'N',
  previous: 'P',
  accept: 'A',
  reject: 'R',
  edit: 'E',
  as_ellipsoid: 'Shift+E',
  add: 'D',
  undo: 'U Ctrl+Z',
  redo: 'Y Ctrl+⇧+Z',
  grow: 'G',
  brush: 'B',
  erase: 'X',
  brush_smaller: '[',
  brush_larger: ']',
  brush_flat: 'T',
  interpolate: 'J',
  calipers: 'K',
  ruler: 'M',
  clear_rulers: 'Delete',
  label: '/',
  scan: ';',
  sign: 'S',
  reopen: 'Shift+S',
  retry: 'Ctrl+S',
  merge: 'Shift+M',
  next_study: 'W',
  slice_back: '↑ ←',
  slice_on: '↓ →',
  page_back: 'PgUp',
  page_on: 'PgDn',
  first_slice: 'Home',
  last_slice: 'End',
  window_lung: '1',
  window_mediastinum: '2',
  window_bone: '3',
  window_soft_tissue: '4',
  window_own: '5',
  window_type: 'Shift+W',
  filter: 'Shift+P',
  zoom_in: '+',
  zoom_out: '-',
  pan_up: 'Shift+↑',
  pan_down: 'Shift+↓',
  pan_left: 'Shift+←',
  pan_right: 'Shift+→',
  fit: '0 F',
  layout: 'V',
  pane: 'Q',
  overlays: 'H',
  smooth: 'I',
  slab: '6',
  slab_thinner: ',',
  slab_thicker: '.',
  cine: 'C',
  lens: 'Z',
  layer_lungs: '7',
  layer_nodule: '8',
  layer_attribution: '9',
  theme: 'L',
  compare: 'O',
  help: '?',
  escape: 'Esc',
};

/**
 * The action that a key press asks for, or null.
 * @param {{key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey?: boolean}} press
 */
export function actionOf({ key, ctrlKey, metaKey, altKey, shiftKey = false }) {
  if (altKey) return null;
  const name = key.toLowerCase();
  if (ctrlKey || metaKey) return CONTROL_KEYS[shiftKey ? `shift+${name}` : name] ?? null;
  // With most characters Shift has done its part.
  return (shiftKey && KEYS[`shift+${name}`]) || KEYS[name] || null;
}

/** What a slider takes for itself. */
const SLIDER_KEYS = new Set(['arrowup', 'arrowdown', 'arrowleft', 'arrowright', 'pageup', 'pagedown', 'home', 'end', 'escape']);

/** Whether a key pressed there is for what has the focus. @param {EventTarget | undefined} target @param {string} key */
function isTaken(target, key) {
  if (!(target instanceof Element)) return false;
  if (target.matches('input[type="range"]')) return SLIDER_KEYS.has(key.toLowerCase());
  return target.closest('input, textarea, select, dialog, [contenteditable]') !== null;
}

/**
 * Let the keys act until `signal` aborts. They are caught on the document before anyone else, and
 * no key pressed inside the viewer goes on to Streamlit, which has c and r for itself.
 * @param {HTMLElement} root @param {Actions} actions @param {AbortSignal} signal
 */
export function listenToKeys(root, actions, signal) {
  const act = (/** @type {KeyboardEvent} */ event) => {
    const action = actionOf(event);
    if (!action || isTaken(event.composedPath()[0], event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat || HELD.has(action)) actions[action]();
  };
  document.addEventListener('keydown', act, { capture: true, signal });
  root.addEventListener('keydown', (event) => event.stopPropagation(), { signal });
}
