// The findings as circles over the slice. Vector shapes, so that they stay sharp at any zoom and
// cost nothing where there are none.

import { shape } from './dom.js';
import { marksOf, withDraft } from './marks.js';
import { addedFinding } from './model.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */
/** @typedef {import('./marks.js').Mark} Mark */

const HANDLE = 9; // CSS pixels
const LABEL_GAP = 7;
const LABEL_ROOM = 80;

export class Overlay {
  /** @param {Review} review */
  constructor(review) {
    this.review = review;
    this.node = shape('svg', { class: 'lv-overlay', 'aria-hidden': 'true' });
    this.changed = watch();
  }

  /** The circles that show on the present slice. @returns {Mark[]} */
  marks() {
    const { view } = this.review;
    return view.overlays ? marksOf(view, this.findings()) : [];
  }

  /** The findings as they would be with the draft. */
  findings() {
    const { findings, view } = this.review;
    const { draft } = view;
    if (draft && view.mode === 'add') {
      return [...findings, addedFinding(draft.finding_uid, draft)];
    }
    return withDraft(findings, draft);
  }

  draw() {
    const { view, findings } = this.review;
    const { slice, camera, stage, overlays, draft, selected, mode } = view;
    if (!this.changed(findings, slice, camera, stage, overlays, draft, selected, mode)) return;
    this.node.replaceChildren(...this.marks().map((mark) => this.drawMark(mark)));
  }

  /** @param {Mark} mark */
  drawMark({ finding, x, y, radius }) {
    const { view, t } = this.review;
    const isSelected = finding.finding_uid === view.selected;
    const group = shape('g', {
      'data-mark': finding.finding_uid,
      'data-state': finding.state,
      'data-selected': isSelected,
    });
    const circle = { cx: x, cy: y, r: Math.max(radius, 2) };
    group.append(shape('circle', { ...circle, class: 'lv-halo' }), shape('circle', circle));
    const isEdited = isSelected && view.mode === 'edit';
    const reach = radius + LABEL_GAP + (isEdited ? HANDLE / 2 : 0);
    const isLeft = x + reach + LABEL_ROOM > view.stage.width;
    const label = t('length_mm', { mm: finding.diameter_mm.toFixed(1) });
    const anchor = isLeft ? 'end' : 'start';
    const at = { x: x + (isLeft ? -reach : reach), y: y + 4, 'text-anchor': anchor };
    group.append(shape('text', at, label));
    if (isEdited) group.append(handle(x + radius, y));
    return group;
  }
}

/** @param {number} x @param {number} y */
function handle(x, y) {
  const corner = { x: x - HANDLE / 2, y: y - HANDLE / 2, width: HANDLE, height: HANDLE };
  return shape('rect', { ...corner, class: 'lv-handle' });
}
