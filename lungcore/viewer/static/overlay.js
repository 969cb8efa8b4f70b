// The findings as outlines over a pane's slice. Vector shapes, so that they stay sharp at any zoom
// and cost nothing where there are none.

import { shape } from './dom.js';
import { handlesOf, marksOf, withDraft } from './marks.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */
/** @typedef {import('./marks.js').Mark} Mark */

const HANDLE = 9; // CSS pixels
const LABEL_GAP = 7;
const LABEL_ROOM = 110;
const LINE = 14;
const SMALLEST = 2;
const READER_COLOURS = 6;

export class Overlay {
  /** @param {Review} review @param {import('./paneview.js').PaneView} pane */
  constructor(review, pane) {
    this.review = review;
    this.pane = pane;
    this.node = shape('svg', { class: 'lv-overlay', 'aria-hidden': 'true' });
    this.changed = watch();
  }

  /** The outlines that show on the present slice. @returns {Mark[]} */
  marks() {
    const { view, shown, others, maskOf } = this.review;
    if (!view.overlays) return [];
    return marksOf(this.pane, [...others, ...withDraft(shown, view.draft)], maskOf);
  }

  /** @param {boolean} isShown whether the pane is on the screen */
  draw(isShown) {
    const { view, shown: findings, masks, others } = this.review;
    const { slice, camera, stage } = this.pane;
    const { overlays, draft, selected, mode } = view;
    if (!this.changed(findings, others, slice, camera, stage, overlays, draft, selected, mode, masks.arrived, isShown)) return;
    const marks = isShown ? this.marks() : [];
    this.node.replaceChildren(...marks.map((mark) => this.drawMark(mark)));
  }

  /** @param {Mark} mark */
  drawMark(mark) {
    const { view } = this.review;
    const { finding } = mark;
    const isSelected = finding.finding_uid === view.selected;
    const isEdited = isSelected && view.mode === 'edit';
    const group = shape('g', {
      'data-mark': finding.finding_uid,
      'data-state': finding.state,
      'data-selected': isSelected,
      'data-reader': finding.reader_number === undefined ? null : finding.reader_number % READER_COLOURS,
    });
    group.append(outline(mark, 'lv-halo'), outline(mark), this.drawLabel(mark, isEdited));
    if (isEdited && mark.path === undefined) group.append(...handlesOf(mark).map(handle));
    return group;
  }

  /** @param {Mark} mark @param {boolean} isEdited */
  drawLabel({ finding, x, y, radiusX }, isEdited) {
    const reach = radiusX + LABEL_GAP + (isEdited ? HANDLE / 2 : 0);
    const isLeft = x + reach + LABEL_ROOM > this.pane.stage.width;
    // Marks of one nodule by several readers lie over each other; what is written of them does not.
    const down = 4 + LINE * (finding.reader_number ?? 0);
    const at = { x: x + (isLeft ? -reach : reach), y: y + down, 'text-anchor': isLeft ? 'end' : 'start' };
    const { t } = this.review;
    const mm = finding.diameter_mm.toFixed(1);
    if (finding.reader) return shape('text', at, t('mark_other', { mm, reader: finding.reader }));
    if (finding.malignancy === null) return shape('text', at, t('length_mm', { mm }));
    return shape('text', at, t('mark_label', { mm, malignancy: finding.malignancy.toFixed(2) }));
  }
}

/** @param {Mark} mark @param {string} [className] */
function outline({ x, y, radiusX, radiusY, path }, className = '') {
  if (path !== undefined) return shape('path', { d: path, class: className });
  const [rx, ry] = [radiusX, radiusY].map((radius) => Math.max(radius, SMALLEST));
  if (rx === ry) return shape('circle', { cx: x, cy: y, r: rx, class: className });
  return shape('ellipse', { cx: x, cy: y, rx, ry, class: className });
}

/** @param {import('./geometry.js').ScreenPoint & {way: string}} place */
function handle({ x, y, way }) {
  const corner = { x: x - HANDLE / 2, y: y - HANDLE / 2, width: HANDLE, height: HANDLE };
  return shape('rect', { ...corner, class: 'lv-handle', 'data-handle': way });
}
