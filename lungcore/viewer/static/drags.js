// What a press on a pane drags: slices, the window, the image, the crosshair, or a finding.

import { gripAt, markAt, marksOf } from './marks.js';
import { withinSizes } from './ellipsoid.js';
import { DEFAULT_MM, newUid } from './model.js';
import { dragged } from './window.js';

/**
 * @typedef {import('./review.js').Review} Review
 * @typedef {import('./paneview.js').PaneView} PaneView
 * @typedef {import('./geometry.js').ScreenPoint} ScreenPoint
 * @typedef {import('./view.js').Draft} Draft
 * @typedef {{move: (point: ScreenPoint) => void, end: (moved: boolean) => void}} Drag
 */

const SCROLL_PIXELS = 5; // a slice
const CROSS_REACH = 10; // CSS pixels from the crosshair's middle

/** Select the finding under `point` and stay on the slice; whether there is one. @param {Review} review @param {PaneView} pane @param {ScreenPoint} point */
export function selectAt(review, pane, point) {
  if (!review.view.overlays) return false;
  const mark = markAt(marksOf(pane, review.findings), point);
  if (!mark) return false;
  review.look((view) => {
    view.selected = mark.finding.finding_uid;
  });
  return true;
}

/** What a press at `start` drags. @param {Review} review @param {PaneView} pane @param {PointerEvent} event @param {ScreenPoint} start @returns {Drag} */
export function startDrag(review, pane, event, start) {
  const { view, selected } = review;
  if (event.button === 2 || (event.button === 0 && event.ctrlKey)) return dragWindow(review, start);
  if (event.button === 1 || event.shiftKey) return dragCamera(review, pane, start);
  if (view.mode === 'add') return dragNew(review, pane, start);
  if (view.mode === 'edit' && selected) {
    const mark = marksOf(pane, [selected])[0];
    const grip = mark && gripAt(mark, start);
    if (grip === 'rim') return dragRim(review, pane, mark, start);
    if (grip === 'inside') return dragInside(review, pane, mark, start);
  }
  const { x, y } = pane.crosshair;
  const isOnCross = Math.hypot(x - start.x, y - start.y) <= CROSS_REACH;
  if (view.layout === 'three' && isOnCross) return dragCrosshair(review, pane, start);
  return dragSlices(review, pane, start);
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

/** @param {Review} review @param {PaneView} pane @param {ScreenPoint} start @returns {Drag} */
function dragCamera(review, pane, start) {
  let last = start;
  return {
    move: (point) => {
      review.look(() => pane.pan(point.x - last.x, point.y - last.y));
      last = point;
    },
    end: () => {},
  };
}

/** The other panes follow. @param {Review} review @param {PaneView} pane @param {ScreenPoint} start @returns {Drag} */
function dragCrosshair(review, pane, start) {
  return {
    move: (point) => review.look((view) => view.pointTo(pane.indexAt(point))),
    end: (moved) => {
      if (!moved) selectAt(review, pane, start);
    },
  };
}

/** Scroll; a press that does not move selects, or points the crosshair there. @param {Review} review @param {PaneView} pane @param {ScreenPoint} start @returns {Drag} */
function dragSlices(review, pane, start) {
  const from = pane.number;
  return {
    move: ({ y }) => review.look(() => pane.showNumber(from + (y - start.y) / SCROLL_PIXELS)),
    end: (moved) => {
      if (moved || selectAt(review, pane, start)) return;
      review.look((view) => view.pointTo(pane.indexAt(start)));
    },
  };
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

/** The rim follows the pointer; the centre stays. @param {Review} review @param {PaneView} pane @param {import('./marks.js').Mark} mark @param {ScreenPoint} start @returns {Drag} */
function dragRim(review, pane, { finding, x, y, radiusX, awayMm }, start) {
  const { finding_uid, center_mm } = finding;
  const slack = radiusX - Math.hypot(start.x - x, start.y - y);
  return {
    move: (point) => {
      const pixels = Math.max(Math.hypot(point.x - x, point.y - y) + slack, 0);
      const radiusMm = pixels / pane.placement.pixelsPerMm;
      const size = withinSizes(2 * Math.hypot(radiusMm, awayMm));
      propose(review, 'edit', { finding_uid, center_mm, diameter_mm: size });
    },
    end: () => saveDraft(review, 'edit'),
  };
}

/** Moves the centre, onto the present slice. @param {Review} review @param {PaneView} pane @param {import('./marks.js').Mark} mark @param {ScreenPoint} start @returns {Drag} */
function dragInside(review, pane, { finding, x, y }, start) {
  const { finding_uid, diameter_mm } = finding;
  return {
    move: (point) => {
      const center = { x: x + point.x - start.x, y: y + point.y - start.y };
      propose(review, 'edit', { finding_uid, center_mm: pane.mmAt(center), diameter_mm });
    },
    end: () => saveDraft(review, 'edit'),
  };
}

/** A press places the centre; pulling outward sets the diameter. @param {Review} review @param {PaneView} pane @param {ScreenPoint} start @returns {Drag} */
function dragNew(review, pane, start) {
  const finding_uid = newUid();
  const center_mm = pane.mmAt(start);
  propose(review, 'add', { finding_uid, center_mm, diameter_mm: DEFAULT_MM });
  return {
    move: ({ x, y }) => {
      const radiusMm = Math.hypot(x - start.x, y - start.y) / pane.placement.pixelsPerMm;
      propose(review, 'add', { finding_uid, center_mm, diameter_mm: withinSizes(2 * radiusMm) });
    },
    end: () => saveDraft(review, 'add'),
  };
}
