// The findings as outlines over a pane's slice. Vector shapes, so that they stay sharp at any zoom
// and cost nothing where there are none.

import { shape } from './dom.js';
import { leader, placeLabels, widthOf } from './labels.js';
import { handlesOf, marksOf, withDraft } from './marks.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */
/** @typedef {import('./marks.js').Mark} Mark */

const HANDLE = 9; // CSS pixels
const LABEL_GAP = 7;
const BASELINE = 11.5; // from the top of a label
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
    const texts = marks.map(({ finding }) => this.textOf(finding));
    const spots = this.spots(marks, texts);
    this.node.replaceChildren(...marks.map((mark, i) => this.drawMark(mark, texts[i], spots[i])));
  }

  /** Whether a finding has its handles. @param {Mark} mark */
  isEdited({ finding }) {
    const { selected, mode } = this.review.view;
    return finding.finding_uid === selected && mode === 'edit';
  }

  /** Where the labels stand; that of the selected finding comes first. @param {Mark[]} marks @param {string[]} texts */
  spots(marks, texts) {
    const { selected } = this.review.view;
    const order = [...marks.keys()].sort((a, b) => {
      return Number(marks[b].finding.finding_uid === selected) - Number(marks[a].finding.finding_uid === selected);
    });
    const gap = (/** @type {number} */ i) => LABEL_GAP + (this.isEdited(marks[i]) ? HANDLE / 2 : 0);
    const widths = order.map((i) => widthOf(texts[i]));
    const placed = placeLabels(order.map((i) => marks[i]), widths, order.map(gap), this.pane.stage);
    return marks.map((_, i) => placed[order.indexOf(i)]);
  }

  /** @param {Mark} mark @param {string} text @param {import('./labels.js').Spot} spot */
  drawMark(mark, text, spot) {
    const { finding } = mark;
    const group = shape('g', {
      'data-mark': finding.finding_uid,
      'data-state': finding.state,
      'data-selected': finding.finding_uid === this.review.view.selected,
      'data-reader': finding.reader_number === undefined ? null : finding.reader_number % READER_COLOURS,
    });
    group.append(outline(mark, 'lv-halo'), outline(mark), ...label(mark, text, spot));
    if (this.isEdited(mark) && mark.path === undefined) group.append(...handlesOf(mark).map(handle));
    return group;
  }

  /** What a label says. @param {import('./shapes.js').Finding} finding */
  textOf({ diameter_mm, reader, malignancy }) {
    const { t } = this.review;
    const mm = diameter_mm.toFixed(1);
    if (reader) return t('mark_other', { mm, reader });
    return malignancy === null ? t('length_mm', { mm }) : t('mark_label', { mm, malignancy: malignancy.toFixed(2) });
  }
}

/** @param {Mark} mark @param {string} text @param {import('./labels.js').Spot} spot */
function label(mark, text, spot) {
  const isLeft = spot.left + spot.width / 2 < mark.x;
  const x = isLeft ? spot.left + spot.width : spot.left;
  const words = shape('text', { x, y: spot.top + BASELINE, 'text-anchor': isLeft ? 'end' : 'start' }, text);
  return spot.isMoved ? [shape('line', { ...leader(mark, spot), class: 'lv-leader' }), words] : [words];
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
