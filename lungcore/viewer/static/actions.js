// What a reader can do, by name: the keys and the buttons call these and nothing else.

import { drawingActions } from './drawing.js';
import { formActions } from './forms.js';
import { DEFAULT_MM, neighbour } from './model.js';
import { ORIENTATIONS } from './plane.js';
import { marksOf } from './marks.js';
import { readingActions } from './readingactions.js';
import { SLAB_KINDS, SLAB_MM } from './slab.js';
import { rememberTheme } from './theme.js';
import { PRESETS } from './window.js';

/** @typedef {import('./review.js').Review} Review */
/** @typedef {import('./view.js').View} View */
/** @typedef {Record<string, () => void>} Actions */

const PAGE_SLICES = 10;
const ZOOM_STEP = 1.25;
const PAN_PIXELS = 60;
const SLAB_STEP_MM = 2;

/** @param {Review} review @returns {Actions} */
export function actionsOf(review) {
  const use = {
    mayChange: () => mayChange(review),
    subject: () => subject(review),
    enter: (/** @type {import('./view.js').Mode} */ mode) => enterMode(review, mode),
    leave: () => leaveMode(review),
  };
  return {
    ...findingActions(review),
    ...drawingActions(review, use),
    ...formActions(review, use.subject),
    ...readingActions(review, use),
    ...viewActions(review),
    ...lookActions(review),
  };
}

/** Whether the reading can be changed; says why when it cannot. @param {Review} review */
function mayChange(review) {
  if (review.queue.conflict) review.ask('merge');
  else if (!review.mayMark) review.say(review.t('notice_role'));
  else if (review.signed) review.say(review.t('notice_signed'));
  return review.mayMark && !review.signed && !review.queue.conflict;
}

/** The selected finding, if the reading can be changed; says what is missing. @param {Review} review */
function subject(review) {
  if (!mayChange(review)) return null;
  if (!review.selected) review.say(review.t('notice_select'));
  return review.selected;
}

/** Also gives a finding already rejected its reason. @param {Review} review @param {string} [reason] one of model.REASONS */
export function reject(review, reason = '') {
  const finding = subject(review);
  if (!finding) return;
  const isNew = finding.state !== 'rejected' || (reason && reason !== finding.reason);
  if (isNew) review.save('reject', { finding_uid: finding.finding_uid, reason });
}

/** @param {Review} review */
function accept(review) {
  const finding = subject(review);
  const isNew = finding?.state === 'machine' || finding?.state === 'rejected';
  if (finding && isNew) review.save('accept', { finding_uid: finding.finding_uid });
}

/** @param {Review} review @param {1 | -1} steps */
function step(review, steps) {
  const uid = neighbour(review.shown, review.view.selected, steps);
  if (uid === null) review.say(review.t('notice_no_findings'));
  else review.select(uid);
}

/** @param {Review} review @param {import('./view.js').Mode} mode */
function enterMode(review, mode) {
  review.notice = '';
  review.look((view) => {
    view.leaveMode();
    view.mode = mode;
    view.overlays = true;
  });
}

/** @param {Review} review */
function leaveMode(review) {
  review.notice = '';
  review.look((view) => view.leaveMode());
}

/** @param {Review} review @returns {Actions} */
function findingActions(review) {
  return {
    next: () => step(review, 1),
    previous: () => step(review, -1),
    accept: () => accept(review),
    reject: () => reject(review),
    edit: () => {
      if (review.view.mode === 'edit') return leaveMode(review);
      const finding = subject(review);
      if (!finding) return;
      if (!marksOf(review.view.pane, [finding], review.maskOf).length) review.select(finding.finding_uid);
      review.look((view) => {
        view.choose(finding);
        view.pane.reveal();
      });
      enterMode(review, 'edit');
      review.say(review.t(finding.mask ? 'notice_edit_outline' : 'notice_edit'));
    },
    add: () => {
      if (review.view.mode === 'add') return leaveMode(review);
      if (!mayChange(review)) return;
      enterMode(review, 'add');
      review.say(review.t('notice_add', { mm: DEFAULT_MM }));
    },
    undo: () => {
      if (!mayChange(review)) return;
      if (review.answer.can_undo) review.save('undo');
      else review.say(review.t('notice_nothing_to_undo'));
    },
    redo: () => {
      if (!mayChange(review)) return;
      if (review.answer.can_redo) review.save('redo');
      else review.say(review.t('notice_nothing_to_redo'));
    },
  };
}

/** @param {Review} review @returns {Actions} */
function viewActions(review) {
  const look = (/** @type {(view: View) => void} */ change) => () => review.look(change);
  const move = (/** @type {number} */ by) => look(({ pane }) => pane.showNumber(pane.number + by));
  const zoom = (/** @type {number} */ factor) => look(({ pane }) => pane.zoom(factor));
  const pan = (/** @type {number} */ dx, /** @type {number} */ dy) =>
    look(({ pane }) => pane.pan(dx * PAN_PIXELS, dy * PAN_PIXELS));
  const preset = (/** @type {import('./window.js').Preset} */ name) =>
    look((view) => {
      view.window = PRESETS[name];
    });
  return {
    slice_back: move(-1),
    slice_on: move(1),
    page_back: move(-PAGE_SLICES),
    page_on: move(PAGE_SLICES),
    first_slice: look(({ pane }) => pane.showNumber(1)),
    last_slice: look(({ pane }) => pane.showNumber(pane.plane.count)),
    window_lung: preset('lung'),
    window_mediastinum: preset('mediastinum'),
    window_bone: preset('bone'),
    window_soft_tissue: preset('soft_tissue'),
    window_own: look((view) => {
      view.window = view.ownWindow;
    }),
    pan_up: pan(0, 1),
    pan_down: pan(0, -1),
    pan_left: pan(1, 0),
    pan_right: pan(-1, 0),
    zoom_in: zoom(ZOOM_STEP),
    zoom_out: zoom(1 / ZOOM_STEP),
    fit: look((view) => {
      for (const pane of Object.values(view.panes)) pane.fit();
    }),
    layout: look((view) => view.arrange(view.layout === 'one' ? 'three' : 'one')),
    pane: look((view) => {
      const next = ORIENTATIONS.indexOf(view.main) + 1;
      view.enlarge(ORIENTATIONS[next % ORIENTATIONS.length]);
    }),
    overlays: look((view) => {
      view.overlays = !view.overlays;
    }),
    smooth: look((view) => {
      view.smooth = !view.smooth;
    }),
  };
}

/** @param {Review} review @returns {Actions} */
function lookActions(review) {
  const look = (/** @type {(view: View) => void} */ change) => () => review.look(change);
  const thicker = (/** @type {number} */ by) =>
    look((view) => {
      const mm = Math.min(Math.max(view.slab.mm + by, SLAB_MM.least), SLAB_MM.most);
      view.slab = { ...view.slab, mm };
    });
  const layer = (/** @type {import('./layers.js').LayerKind} */ kind) => () => {
    if (!review.layers.has(kind)) return review.say(review.t('notice_no_layer'));
    review.look((view) => {
      const { shown } = view.layers;
      view.layers = { ...view.layers, shown: { ...shown, [kind]: !shown[kind] } };
      view.overlays = true;
    });
  };
  return {
    slab: look((view) => {
      const next = SLAB_KINDS.indexOf(view.slab.kind) + 1;
      view.slab = { ...view.slab, kind: SLAB_KINDS[next % SLAB_KINDS.length] };
    }),
    slab_thinner: thicker(-SLAB_STEP_MM),
    slab_thicker: thicker(SLAB_STEP_MM),
    cine: look((view) => {
      view.cine = !view.cine;
    }),
    lens: look((view) => {
      view.lens = !view.lens;
    }),
    layer_lungs: layer('lungs'),
    layer_nodule: layer('nodule'),
    layer_attribution: layer('attribution'),
    compare: () => {
      if (review.compareAddress) window.location.assign(review.compareAddress);
      else review.say(review.t('notice_no_prior'));
    },
    theme: look((view) => {
      view.theme = view.theme === 'dark' ? 'light' : 'dark';
      rememberTheme(view.theme);
    }),
  };
}
