// The findings' outlines on the slice that a pane shows, and which of them a pointer means.

import { toScreen } from './geometry.js';

/**
 * @typedef {import('./geometry.js').ScreenPoint} ScreenPoint
 * @typedef {import('./model.js').Finding} Finding
 * @typedef {{finding: Finding, x: number, y: number, radiusX: number, radiusY: number,
 *   awayMm: number}} Mark  CSS pixels; awayMm as of plane.Section
 */

const REACH = 8; // CSS pixels that a pointer may be off

/** @param {import('./paneview.js').PaneView} pane @param {Finding[]} findings @returns {Mark[]} */
export function marksOf(pane, findings) {
  const { placement, plane, slice } = pane;
  return findings.flatMap((finding) => {
    const section = plane.section(finding, slice);
    if (!section) return [];
    const { acrossMm, downMm, awayMm } = section;
    const [radiusX, radiusY] = [acrossMm, downMm].map((mm) => mm * placement.pixelsPerMm);
    return [{ finding, ...toScreen(placement, section), radiusX, radiusY, awayMm }];
  });
}

/** The findings with the draft in place of what it changes. @param {Finding[]} findings @param {import('./view.js').Draft | null} draft */
export function withDraft(findings, draft) {
  if (!draft) return findings;
  return findings.map((one) => (one.finding_uid === draft.finding_uid ? { ...one, ...draft } : one));
}

/** How far outside an outline a point is, in CSS pixels along its ray; negative inside. @param {Mark} mark @param {ScreenPoint} point */
function outside({ x, y, radiusX, radiusY }, point) {
  const [dx, dy] = [point.x - x, point.y - y];
  const share = Math.hypot(dx / radiusX, dy / radiusY); // 1 on the outline
  return share === 0 ? -Math.min(radiusX, radiusY) : Math.hypot(dx, dy) * (1 - 1 / share);
}

/** The smallest outline that a pointer means, or null. @param {Mark[]} marks @param {ScreenPoint} point */
export function markAt(marks, point) {
  const hit = marks.filter((mark) => outside(mark, point) <= REACH);
  return hit.sort((a, b) => a.radiusX * a.radiusY - b.radiusX * b.radiusY)[0] ?? null;
}

/**
 * What a press on an outline in edit mode takes hold of: its rim, its inside, or nothing.
 * @param {Mark} mark @param {ScreenPoint} point @returns {'rim' | 'inside' | null}
 */
export function gripAt(mark, point) {
  const off = outside(mark, point);
  if (off > REACH) return null;
  return off >= -Math.min(REACH, Math.min(mark.radiusX, mark.radiusY) / 3) ? 'rim' : 'inside';
}
