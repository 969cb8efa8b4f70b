// Calipers on the selected finding, and rulers anywhere.

import { toScreen } from './geometry.js';
import { calipersDraft, calipersOf } from './shapes.js';

/**
 * @typedef {import('./review.js').Review} Review
 * @typedef {import('./paneview.js').PaneView} PaneView
 * @typedef {import('./geometry.js').ScreenPoint} ScreenPoint
 * @typedef {import('./geometry.js').Point} Point
 * @typedef {import('./drags.js').Drag} Drag
 */

const REACH = 12; // CSS pixels that a pointer may be off an end

/** Where a patient point lies on a pane, or null where it is not on the slice shown. @param {PaneView} pane @param {Point} point_mm */
export function onPane(pane, point_mm) {
  const { plane, placement, slice } = pane;
  const at = plane.fromIndex(plane.grid.toIndex(point_mm));
  return Math.round(at.slice) === slice ? toScreen(placement, at.point) : null;
}

/** The calipers' ends that a pane shows: all four, or none. @param {Review} review @param {PaneView} pane @returns {{ends_mm: Point[], ends: ScreenPoint[]} | null} */
export function shownCalipers(review, pane) {
  const { view, grid } = review;
  const finding = review.drawnFinding;
  if (view.mode !== 'calipers' || !finding) return null;
  const ends_mm = calipersOf(grid, finding, review.maskOf(finding));
  const ends = ends_mm.map((point) => onPane(pane, point));
  return ends.every((end) => end !== null) ? { ends_mm, ends } : null;
}

/** An end follows the pointer, or null where there is none. @param {Review} review @param {PaneView} pane @param {ScreenPoint} start @returns {Drag | null} */
export function dragCalipers(review, pane, start) {
  const shown = shownCalipers(review, pane);
  const { selected, grid } = review;
  if (!shown || !selected) return null;
  const off = shown.ends.map(({ x, y }) => Math.hypot(x - start.x, y - start.y));
  const nearest = off.indexOf(Math.min(...off));
  if (off[nearest] > REACH) return null;
  return {
    move: (point) => {
      const ends = shown.ends_mm.with(nearest, pane.mmAt(point));
      review.look((view) => {
        if (view.mode === 'calipers') view.draft = calipersDraft(grid, selected, ends);
      });
    },
    end: () => review.saveDraft('edit'),
  };
}

/** @param {Review} review @param {PaneView} pane @param {ScreenPoint} start @returns {Drag} */
export function dragRuler(review, pane, start) {
  const from = pane.mmAt(start);
  const { orientation, slice } = pane;
  const before = review.view.tools.rulers;
  return {
    move: (point) =>
      review.look(({ tools }) => {
        tools.rulers = [...before, { orientation, slice, from, to: pane.mmAt(point) }];
      }),
    end: () => {},
  };
}
