// Dragging a finding's shape: a new one, its place, and each of its axes.

import { axesOf, fitted, resized, scaledAxes, withinSizes } from './ellipsoid.js';
import { gripAt, marksOf } from './marks.js';
import { DEFAULT_MM, newUid } from './model.js';
import { ellipsoidDraft, maskDraft } from './shapes.js';

/**
 * @typedef {import('./review.js').Review} Review
 * @typedef {import('./paneview.js').PaneView} PaneView
 * @typedef {import('./geometry.js').ScreenPoint} ScreenPoint
 * @typedef {import('./marks.js').Mark} Mark
 * @typedef {import('./drags.js').Drag} Drag
 * @typedef {import('./shapes.js').Draft} Draft
 */

/** What a press on the selected finding's outline drags, or null. @param {Review} review @param {PaneView} pane @param {ScreenPoint} start @returns {Drag | null} */
export function dragShape(review, pane, start) {
  const { selected } = review;
  const mark = selected && marksOf(pane, [selected], review.maskOf)[0];
  const grip = mark ? gripAt(mark, start) : null;
  if (!mark || !grip) return null;
  if (grip === 'inside') return dragInside(review, pane, mark, start);
  if (grip === 'rim') return dragRim(review, pane, mark, start);
  return dragHandle(review, pane, mark, grip, start);
}

/** Show what a drag would make, unless Esc took the reader out of the mode. @param {Review} review @param {Draft} draft */
function propose(review, draft) {
  const { mode } = review.view;
  if (mode === 'edit' || mode === 'add') review.look((view) => (view.draft = draft));
}

/** One axis follows the pointer along it; the centre stays. @param {Review} review @param {PaneView} pane @param {Mark} mark @param {import('./marks.js').Way} way @param {ScreenPoint} start @returns {Drag} */
function dragHandle(review, pane, mark, way, start) {
  const { finding, x, y, radiusX, radiusY } = mark;
  const [radius, from, middle] = way === 'across' ? [radiusX, start.x, x] : [radiusY, start.y, y];
  const slack = radius - Math.abs(from - middle);
  const along = pane.plane[way];
  const axes = axesOf(finding);
  const share = (2 * radius) / pane.placement.pixelsPerMm / axes[2 - along];
  return {
    move: (point) => {
      const pixels = Math.abs((way === 'across' ? point.x : point.y) - middle) + slack;
      const half = Math.max(pixels, 0) / pane.placement.pixelsPerMm;
      const { finding_uid, center_mm } = finding;
      propose(review, ellipsoidDraft(review.grid, finding_uid, center_mm, resized(axes, along, half, share)));
    },
    end: () => review.saveDraft('edit'),
  };
}

/** All axes grow alike with the pointer; the centre stays. @param {Review} review @param {PaneView} pane @param {Mark} mark @param {ScreenPoint} start @returns {Drag} */
function dragRim(review, pane, { finding, x, y }, start) {
  const { finding_uid, center_mm } = finding;
  const before = Math.max(Math.hypot(start.x - x, start.y - y), 1);
  return {
    move: (point) => {
      const factor = Math.hypot(point.x - x, point.y - y) / before;
      const { grid } = review;
      const sphere = { finding_uid, center_mm, diameter_mm: withinSizes(finding.diameter_mm * factor) };
      const { axes_mm } = finding;
      propose(review, axes_mm ? ellipsoidDraft(grid, finding_uid, center_mm, scaledAxes(axes_mm, factor)) : sphere);
    },
    end: () => review.saveDraft('edit'),
  };
}

/** Moves the whole shape, an ellipsoid's centre onto the present slice. @param {Review} review @param {PaneView} pane @param {Mark} mark @param {ScreenPoint} start @returns {Drag} */
function dragInside(review, pane, { finding, x, y }, start) {
  const { finding_uid, diameter_mm, axes_mm } = finding;
  const mask = review.maskOf(finding);
  const from = pane.indexAt(start);
  const { grid } = review;
  return {
    move: (point) => {
      if (mask) {
        const to = pane.indexAt(point);
        const origin = mask.origin.map((first, i) => {
          const moved = first + Math.round(to[i] - from[i]);
          return Math.min(Math.max(moved, 0), grid.shape[i] - mask.shape[i]);
        });
        const shifted = { ...mask, origin: /** @type {import('./geometry.js').Index} */ (origin) };
        propose(review, maskDraft(grid, finding_uid, shifted));
        return;
      }
      const center_mm = pane.mmAt({ x: x + point.x - start.x, y: y + point.y - start.y });
      propose(review, axes_mm ? ellipsoidDraft(grid, finding_uid, center_mm, axes_mm) : { finding_uid, center_mm, diameter_mm });
    },
    end: () => review.saveDraft('edit'),
  };
}

/** Save an ellipsoid, which has handles, in place of an outline. @param {Review} review @param {import('./shapes.js').Finding} finding @param {import('./mask.js').Mask} mask */
export function becomeEllipsoid(review, { finding_uid }, mask) {
  const { grid } = review;
  const { center, axes_mm } = fitted(mask, grid.spacing);
  review.look((view) => (view.draft = ellipsoidDraft(grid, finding_uid, grid.toMm(center), axes_mm)));
  review.saveDraft('edit');
}

/** A press places the centre; pulling outward sets the diameter. @param {Review} review @param {PaneView} pane @param {ScreenPoint} start @returns {Drag} */
export function dragNew(review, pane, start) {
  const finding_uid = newUid();
  const center_mm = pane.mmAt(start);
  const draft = { finding_uid, center_mm, isNew: true };
  propose(review, { ...draft, diameter_mm: DEFAULT_MM });
  return {
    move: ({ x, y }) => {
      const radiusMm = Math.hypot(x - start.x, y - start.y) / pane.placement.pixelsPerMm;
      propose(review, { ...draft, diameter_mm: withinSizes(2 * radiusMm) });
    },
    end: () => {
      review.saveDraft('add');
      review.look((view) => view.leaveMode());
    },
  };
}
