// Outlines by hand and by growing: strokes of brush and eraser, one click, the slices between.

import { interpolated, painted } from './brush.js';
import { grow } from './grow.js';
import { count, trimmed } from './mask.js';
import { newUid } from './model.js';
import { asMask, findingAt, isPaintOf, maskDraft } from './shapes.js';

/**
 * @typedef {import('./review.js').Review} Review
 * @typedef {import('./paneview.js').PaneView} PaneView
 * @typedef {import('./geometry.js').ScreenPoint} ScreenPoint
 * @typedef {import('./geometry.js').Index} Index
 * @typedef {import('./mask.js').Mask} Mask
 * @typedef {import('./drags.js').Drag} Drag
 */

/** Whose outline a stroke that begins at `index` changes: the selected finding's if it is near, else a new one's. @param {Review} review @param {Index} index */
function target(review, index) {
  const { selected, grid } = review;
  if (!selected || !isPaintOf(grid, selected, review.maskOf(selected), index)) return null;
  return selected;
}

/** A stroke, saved when the pointer is let go. @param {Review} review @param {PaneView} pane @param {ScreenPoint} start @param {boolean} erases @returns {Drag} */
export function dragBrush(review, pane, start, erases) {
  const { grid, view } = review;
  const finding = target(review, pane.indexAt(start));
  const finding_uid = finding?.finding_uid ?? newUid();
  const { mode } = view;
  let mask = finding && asMask(grid, finding, review.maskOf(finding));
  let last = pane.indexAt(start);
  const paint = (/** @type {Index} */ to) => {
    if (view.mode !== mode) return; // Esc took the reader out of it
    const flat = view.tools.isFlat ? pane.plane.through : null;
    const dab = { from: last, to, radius_mm: view.tools.brushMm / 2, flat, erases };
    mask = painted(mask, dab, grid.shape, grid.spacing);
    last = to;
    propose(review, finding_uid, mask, !finding);
  };
  view.tools.paintedAcross = pane.plane.through;
  if (finding || !erases) paint(last);
  return {
    move: (point) => {
      if (finding || !erases) paint(pane.indexAt(point));
    },
    end: () => finish(review, !finding),
  };
}

/** @param {Review} review @param {string} finding_uid @param {Mask} drawn @param {boolean} isNew */
function propose(review, finding_uid, drawn, isNew) {
  const whole = trimmed(drawn);
  const shape = whole ? maskDraft(review.grid, finding_uid, whole) : { finding_uid, center_mm: review.grid.toMm(drawn.origin), diameter_mm: 0, drawn };
  review.look((view) => (view.draft = { ...shape, isNew }));
}

/** @param {Review} review @param {boolean} isNew */
function finish(review, isNew) {
  const drawn = review.view.draft?.drawn;
  if (drawn && count(drawn) === 0) {
    review.look((view) => (view.draft = null));
    review.say(review.t('notice_outline_empty'));
    return;
  }
  review.saveDraft(isNew ? 'add' : 'edit');
}

/** One click: the outline of the nodule there, of the finding that lies there or a new one. @param {Review} review @param {PaneView} pane @param {ScreenPoint} point */
export function growAt(review, pane, point) {
  const { grid, volume } = review;
  const index = pane.indexAt(point);
  const voxels = { shape: grid.shape, spacing: grid.spacing, slice: (/** @type {number} */ slice) => volume.slice(slice) };
  const mask = grow(voxels, index);
  if (!mask) {
    review.say(review.t(volume.isWhole ? 'notice_grow_nothing' : 'notice_grow_loading'));
    return;
  }
  const finding = findingAt(grid, review.shown, review.maskOf, index);
  const draft = maskDraft(grid, finding?.finding_uid ?? newUid(), mask);
  review.look((view) => (view.draft = { ...draft, isNew: !finding }));
  review.saveDraft(finding ? 'edit' : 'add');
  review.look((view) => view.leaveMode());
}

/** Fill in the planes between those painted, along the axis that was painted across last. @param {Review} review @param {import('./model.js').Finding} finding */
export function interpolate(review, finding) {
  const mask = review.maskOf(finding);
  const { grid, view } = review;
  const filled = mask && interpolated(mask, view.tools.paintedAcross, grid.spacing);
  if (!mask || !filled || count(filled) === count(mask)) {
    review.say(review.t('notice_nothing_between'));
    return;
  }
  review.look(() => (view.draft = maskDraft(grid, finding.finding_uid, filled)));
  review.saveDraft('edit');
}
