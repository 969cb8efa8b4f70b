// The findings' circles on the slice shown, and which of them a pointer means.

import { toScreen } from './geometry.js';

/**
 * @typedef {import('./geometry.js').ScreenPoint} ScreenPoint
 * @typedef {import('./model.js').Finding} Finding
 * @typedef {{finding: Finding, x: number, y: number, radius: number}} Mark  CSS pixels
 */

const REACH = 8; // CSS pixels that a pointer may be off

/** @param {import('./view.js').View} view @param {Finding[]} findings @returns {Mark[]} */
export function marksOf(view, findings) {
  const at = view.placement;
  return findings.flatMap((finding) => {
    const circle = view.grid.circle(finding.center_mm, finding.diameter_mm, view.slice);
    if (!circle) return [];
    const { x, y } = toScreen(at, circle.row, circle.column);
    return [{ finding, x, y, radius: circle.radius_mm * at.pixelsPerMm }];
  });
}

/** The findings with the draft in place of what it changes. @param {Finding[]} findings @param {import('./view.js').Draft | null} draft */
export function withDraft(findings, draft) {
  if (!draft) return findings;
  return findings.map((one) => (one.finding_uid === draft.finding_uid ? { ...one, ...draft } : one));
}

/** The smallest circle that a pointer means, or null. @param {Mark[]} marks @param {ScreenPoint} point */
export function markAt(marks, { x, y }) {
  const hit = marks.filter((mark) => Math.hypot(mark.x - x, mark.y - y) <= mark.radius + REACH);
  return hit.sort((a, b) => a.radius - b.radius)[0] ?? null;
}

/**
 * What a press on a circle in edit mode takes hold of: its rim, its inside, or nothing.
 * @param {Mark} mark @param {ScreenPoint} point @returns {'rim' | 'inside' | null}
 */
export function gripAt(mark, { x, y }) {
  const distance = Math.hypot(mark.x - x, mark.y - y);
  if (distance > mark.radius + REACH) return null;
  return distance >= mark.radius - Math.min(REACH, mark.radius / 3) ? 'rim' : 'inside';
}
