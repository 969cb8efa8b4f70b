// The findings' outlines on the slice that a pane shows, and which of them a pointer means.

import { toScreen } from './geometry.js';
import { outline } from './mask.js';
import { addedFinding, shapeOf } from './model.js';

/**
 * @typedef {import('./geometry.js').ScreenPoint} ScreenPoint
 * @typedef {import('./shapes.js').Finding} Finding
 * @typedef {import('./mask.js').Mask} Mask
 * @typedef {'across' | 'down'} Way
 * @typedef {{finding: Finding, x: number, y: number, radiusX: number, radiusY: number,
 *   path?: string}} Mark  in CSS pixels; path: the outline of a mask, of which the rest is the box
 */

const REACH = 8; // CSS pixels that a pointer may be off
const SMALLEST_REACH = 2; // of a handle

/**
 * @param {import('./paneview.js').PaneView} pane @param {Finding[]} findings
 * @param {(finding: Finding) => Mask | null} maskOf @returns {Mark[]}
 */
export function marksOf(pane, findings, maskOf) {
  const { placement, plane, slice } = pane;
  return findings.flatMap((finding) => {
    const mask = maskOf(finding);
    if (mask) return maskMark(pane, finding, mask);
    const section = plane.section(finding, slice);
    if (!section) return [];
    const [radiusX, radiusY] = [section.acrossMm, section.downMm].map((mm) => mm * placement.pixelsPerMm);
    return [{ finding, ...toScreen(placement, section), radiusX, radiusY }];
  });
}

/** What of a mask shows on the slice: at most one. @param {import('./paneview.js').PaneView} pane @param {Finding} finding @param {Mask} mask @returns {Mark[]} */
function maskMark({ plane, placement, slice }, finding, mask) {
  const lines = outline(mask, plane, slice).map(([fromAcross, fromDown, across, down]) => {
    const from = toScreen(placement, { across: fromAcross, down: fromDown });
    return [from, toScreen(placement, { across, down })];
  });
  if (!lines.length) return [];
  const [xs, ys] = [lines.flat().map(({ x }) => x), lines.flat().map(({ y }) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const place = (/** @type {ScreenPoint} */ { x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  const path = lines.map(([from, to]) => `M${place(from)}L${place(to)}`).join('');
  const box = { x: (left + right) / 2, y: (top + bottom) / 2, radiusX: (right - left) / 2, radiusY: (bottom - top) / 2 };
  return [{ finding, ...box, path }];
}

/** Where the four handles of an ellipse lie. @param {Mark} mark @returns {(ScreenPoint & {way: Way})[]} */
export function handlesOf({ x, y, radiusX, radiusY }) {
  return [
    { x: x + radiusX, y, way: 'across' },
    { x: x - radiusX, y, way: 'across' },
    { x, y: y + radiusY, way: 'down' },
    { x, y: y - radiusY, way: 'down' },
  ];
}

/** The findings with the draft in place of what it changes. @param {Finding[]} findings @param {import('./shapes.js').Draft | null} draft @returns {Finding[]} */
export function withDraft(findings, draft) {
  if (!draft) return findings;
  if (draft.isNew) return [...findings, { ...addedFinding(draft.finding_uid, draft), drawn: draft.drawn }];
  const drawn = { ...shapeOf(draft), drawn: draft.drawn };
  return findings.map((one) => (one.finding_uid === draft.finding_uid ? { ...one, ...drawn } : one));
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
 * What a press on an outline in edit mode takes hold of: a handle, by the way that it goes, the rim,
 * the inside, or nothing. A mask has an inside only. @param {Mark} mark @param {ScreenPoint} point
 * @returns {Way | 'rim' | 'inside' | null}
 */
export function gripAt(mark, point) {
  const off = outside(mark, point);
  if (off > REACH) return null;
  if (mark.path !== undefined) return 'inside';
  const inner = Math.min(mark.radiusX, mark.radiusY) / 3; // of a small one, something is left inside
  const reach = Math.min(REACH, Math.max(inner, SMALLEST_REACH));
  const near = handlesOf(mark).find(({ x, y }) => Math.hypot(point.x - x, point.y - y) <= reach);
  if (near) return near.way;
  return off >= -Math.min(REACH, Math.min(mark.radiusX, mark.radiusY) / 3) ? 'rim' : 'inside';
}

/** The marks of other readers, each by the name of whose it is. @param {import('./review.js').Opened} opened */
export function othersOf({ also_read_by }) {
  return also_read_by.flatMap(({ reader, findings }) =>
    findings.map((finding) => ({
      ...finding,
      finding_uid: `${finding.finding_uid} ${reader}`,
      state: /** @type {const} */ ('other'),
      reader,
    })),
  );
}
