// What a press on a pane drags: what the tool in hand drags, else slices, the window, the image or
// the crosshair.

import { markAt, marksOf } from './marks.js';
import { dragCalipers, dragRuler } from './measuring.js';
import { rememberWindow } from './ownwindow.js';
import { dragBrush, growAt } from './painting.js';
import { dragNew, dragShape } from './shaping.js';
import { dragged } from './window.js';

/**
 * @typedef {import('./review.js').Review} Review
 * @typedef {import('./paneview.js').PaneView} PaneView
 * @typedef {import('./geometry.js').ScreenPoint} ScreenPoint
 * @typedef {{move: (point: ScreenPoint) => void, end: (moved: boolean) => void}} Drag
 */

const SCROLL_PIXELS = 5; // a slice
const CROSS_REACH = 10; // CSS pixels from the crosshair's middle

/** Select the finding under `point` and stay on the slice; whether there is one. @param {Review} review @param {PaneView} pane @param {ScreenPoint} point */
export function selectAt(review, pane, point) {
  if (!review.view.overlays) return false;
  const mark = markAt(marksOf(pane, review.shown, review.maskOf), point);
  if (!mark) return false;
  review.look((view) => view.choose(mark.finding));
  return true;
}

/** What a press at `start` drags. @param {Review} review @param {PaneView} pane @param {PointerEvent} event @param {ScreenPoint} start @returns {Drag} */
export function startDrag(review, pane, event, start) {
  const { view } = review;
  if (event.button === 2 || (event.button === 0 && event.ctrlKey)) return dragWindow(review, start);
  if (event.button === 1 || event.shiftKey) return dragCamera(review, pane, start);
  const tool = dragTool(review, pane, start);
  if (tool) return tool;
  const { x, y } = pane.crosshair;
  const isOnCross = Math.hypot(x - start.x, y - start.y) <= CROSS_REACH;
  if (view.layout === 'three' && isOnCross) return dragCrosshair(review, pane, start);
  return dragSlices(review, pane, start);
}

/** What the tool in hand drags, or null where it takes hold of nothing. @param {Review} review @param {PaneView} pane @param {ScreenPoint} start @returns {Drag | null} */
function dragTool(review, pane, start) {
  switch (review.view.mode) {
    case 'add':
      return dragNew(review, pane, start);
    case 'edit':
      return dragShape(review, pane, start);
    case 'grow':
      return clickToGrow(review, pane, start);
    case 'brush':
      return dragBrush(review, pane, start, false);
    case 'erase':
      return dragBrush(review, pane, start, true);
    case 'calipers':
      return dragCalipers(review, pane, start);
    case 'ruler':
      return dragRuler(review, pane, start);
    default:
      return null;
  }
}

/** A drag still scrolls. @param {Review} review @param {PaneView} pane @param {ScreenPoint} start @returns {Drag} */
function clickToGrow(review, pane, start) {
  const { move } = dragSlices(review, pane, start);
  return { move, end: (moved) => moved || growAt(review, pane, start) };
}

/** @param {Review} review @param {ScreenPoint} start @returns {Drag} */
function dragWindow(review, start) {
  const from = review.view.window;
  return {
    move: ({ x, y }) =>
      review.look((view) => view.setOwnWindow(dragged(from, x - start.x, y - start.y))),
    end: (moved) => moved && rememberWindow(review.view.ownWindow),
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
