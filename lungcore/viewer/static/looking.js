// The actions that change how the series is looked at.

import { ORIENTATIONS } from './plane.js';
import { SLAB_KINDS, SLAB_MM } from './slab.js';
import { rememberTheme } from './theme.js';
import { PRESETS } from './window.js';

/** @typedef {import('./review.js').Review} Review */
/** @typedef {import('./view.js').View} View */
/** @typedef {import('./actions.js').Actions} Actions */

const PAGE_SLICES = 10;
const ZOOM_STEP = 1.25;
const PAN_PIXELS = 60;
const SLAB_STEP_MM = 2;

/** @param {Review} review @returns {Actions} */
export function viewActions(review) {
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
export function lookActions(review) {
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
