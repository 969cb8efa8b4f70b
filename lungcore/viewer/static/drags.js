// What a press on the stage drags: slices, the window, the image, or a finding.

import { toImage } from './geometry.js';
import { gripAt, markAt, marksOf } from './marks.js';
import { withinSizes } from './ellipsoid.js';
import { DEFAULT_MM, newUid } from './model.js';
import { dragged } from './window.js';

/**
 * @typedef {import('./review.js').Review} Review
 * @typedef {import('./geometry.js').ScreenPoint} ScreenPoint
 * @typedef {import('./view.js').Draft} Draft
 * @typedef {{move: (point: ScreenPoint) => void, end: (moved: boolean) => void}} Drag
 */

const SCROLL_PIXELS = 5; // a slice

/** Select the finding under `point` and stay on the slice; whether there is one. @param {Review} review @param {ScreenPoint} point */
export function selectAt(review, point) {
  const { view } = review;
  if (!view.overlays) return false;
  const mark = markAt(marksOf(view, review.findings), point);
  if (!mark) return false;
  review.look(() => {
    view.selected = mark.finding.finding_uid;
  });
  return true;
}

/** What a press at `start` drags. @param {Review} review @param {PointerEvent} event @param {ScreenPoint} start @returns {Drag} */
export function startDrag(review, event, start) {
  const { view, selected } = review;
  if (event.button === 2 || (event.button === 0 && event.ctrlKey)) return dragWindow(review, start);
  if (event.button === 1 || event.shiftKey) return dragCamera(review, start);
  if (view.mode === 'add') return dragNew(review, start);
  if (view.mode === 'edit' && selected) {
    const mark = marksOf(view, [selected])[0];
    const grip = mark && gripAt(mark, start);
    if (grip === 'rim') return dragRim(review, mark, start);
    if (grip === 'inside') return dragInside(review, mark, start);
  }
  return dragSlices(review, start);
}

/** @param {Review} review @param {ScreenPoint} start @returns {Drag} */
function dragWindow(review, start) {
  const from = review.view.window;
  return {
    move: ({ x, y }) =>
      review.look((view) => view.setOwnWindow(dragged(from, x - start.x, y - start.y))),
    end: () => {},
  };
}

/** @param {Review} review @param {ScreenPoint} start @returns {Drag} */
function dragCamera(review, start) {
  const { zoom, panX, panY } = review.view.camera;
  return {
    move: ({ x, y }) =>
      review.look((view) => {
        view.camera = { zoom, panX: panX + x - start.x, panY: panY + y - start.y };
      }),
    end: () => {},
  };
}

/** Scroll; a press that does not move selects. @param {Review} review @param {ScreenPoint} start @returns {Drag} */
function dragSlices(review, start) {
  const from = review.view.number;
  return {
    move: ({ y }) => review.look((view) => view.showNumber(from + (y - start.y) / SCROLL_PIXELS)),
    end: (moved) => {
      if (!moved) selectAt(review, start);
    },
  };
}

/** The patient point under a screen point on the present slice, within the image. @param {Review} review @param {ScreenPoint} point */
function mmAt({ view, grid }, point) {
  const { row, column } = toImage(view.placement, point);
  const within = (/** @type {number} */ value, /** @type {number} */ count) =>
    Math.min(Math.max(value, 0), count - 1);
  return grid.toMm([view.slice, within(row, grid.rows), within(column, grid.columns)]);
}

/** Show what a drag would make, unless Esc took the reader out of the mode. @param {Review} review @param {'edit' | 'add'} kind @param {Draft} draft */
function propose(review, kind, draft) {
  review.look((view) => {
    if (view.mode === kind) view.draft = draft;
  });
}

/** Save what was proposed. @param {Review} review @param {'edit' | 'add'} kind */
function saveDraft(review, kind) {
  const { draft } = review.view;
  if (!draft) return;
  review.save(kind, draft);
  review.look((view) => {
    view.draft = null;
    if (kind === 'add') view.mode = 'read';
    view.selected = draft.finding_uid;
  });
}

/** The rim follows the pointer; the centre stays. @param {Review} review @param {import('./marks.js').Mark} mark @param {ScreenPoint} start @returns {Drag} */
function dragRim(review, { finding, x, y, radius }, start) {
  const { grid, view } = review;
  const { finding_uid, center_mm, diameter_mm } = finding;
  const slack = radius - Math.hypot(start.x - x, start.y - y);
  const off_mm = grid.circle(center_mm, diameter_mm, view.slice)?.distance_mm ?? 0;
  return {
    move: (point) => {
      const pixels = Math.max(Math.hypot(point.x - x, point.y - y) + slack, 0);
      const radius_mm = pixels / view.placement.pixelsPerMm;
      const size = withinSizes(2 * Math.hypot(radius_mm, off_mm));
      propose(review, 'edit', { finding_uid, center_mm, diameter_mm: size });
    },
    end: () => saveDraft(review, 'edit'),
  };
}

/** Moves the centre, onto the present slice. @param {Review} review @param {import('./marks.js').Mark} mark @param {ScreenPoint} start @returns {Drag} */
function dragInside(review, { finding, x, y }, start) {
  const { finding_uid, diameter_mm } = finding;
  return {
    move: (point) => {
      const center = { x: x + point.x - start.x, y: y + point.y - start.y };
      propose(review, 'edit', { finding_uid, center_mm: mmAt(review, center), diameter_mm });
    },
    end: () => saveDraft(review, 'edit'),
  };
}

/** A press places the centre; pulling outward sets the diameter. @param {Review} review @param {ScreenPoint} start @returns {Drag} */
function dragNew(review, start) {
  const finding_uid = newUid();
  const center_mm = mmAt(review, start);
  propose(review, 'add', { finding_uid, center_mm, diameter_mm: DEFAULT_MM });
  return {
    move: ({ x, y }) => {
      const radius_mm = Math.hypot(x - start.x, y - start.y) / review.view.placement.pixelsPerMm;
      propose(review, 'add', { finding_uid, center_mm, diameter_mm: withinSizes(2 * radius_mm) });
    },
    end: () => saveDraft(review, 'add'),
  };
}
