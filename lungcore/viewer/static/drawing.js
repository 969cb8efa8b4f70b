// The actions that draw and measure.

import { largestSlice } from './calipers.js';
import { interpolate } from './painting.js';
import { becomeEllipsoid } from './shaping.js';

/** @typedef {import('./review.js').Review} Review */
/** @typedef {import('./view.js').Mode} Mode */
/**
 * @typedef {{mayChange: () => boolean, subject: () => import('./model.js').Finding | null,
 *   enter: (mode: Mode) => void, leave: () => void}} Use  as actions.js gives them
 */

/** @param {Review} review @param {Use} use @returns {import('./actions.js').Actions} */
export function drawingActions(review, use) {
  const { t, view } = review;
  /** A key that enters a mode, and leaves it when it is pressed again. */
  const toggle = (/** @type {Mode} */ mode, /** @type {() => boolean} */ may) => () => {
    if (view.mode === mode) return use.leave();
    if (!may()) return;
    use.enter(mode);
    review.say(t(`notice_${mode}`));
  };
  const tools = (/** @type {(tools: import('./tools.js').Tools) => void} */ change) => () =>
    review.look((looked) => change(looked.tools));
  return {
    grow: toggle('grow', use.mayChange),
    brush: toggle('brush', use.mayChange),
    erase: toggle('erase', () => use.subject() !== null),
    ruler: toggle('ruler', () => true),
    calipers: toggle('calipers', () => showLargest(review, use.subject())),
    interpolate: () => {
      const finding = use.subject();
      if (finding) interpolate(review, finding);
    },
    as_ellipsoid: () => {
      const finding = use.subject();
      if (!finding) return;
      const mask = review.maskOf(finding);
      if (!mask) return review.say(t('notice_no_outline'));
      becomeEllipsoid(review, finding, mask);
      use.enter('edit');
      review.say(t('notice_as_ellipsoid'));
    },
    brush_smaller: tools((one) => one.resizeBrush(-1)),
    brush_larger: tools((one) => one.resizeBrush(1)),
    brush_flat: tools((one) => {
      one.isFlat = !one.isFlat;
    }),
    clear_rulers: tools((one) => {
      one.rulers = [];
    }),
  };
}

/** Go to the slice on which the axes are measured; whether there is a finding. @param {Review} review @param {import('./model.js').Finding | null} finding */
function showLargest(review, finding) {
  if (!finding) return false;
  review.select(finding.finding_uid);
  const mask = review.maskOf(finding);
  if (!mask || finding.calipers_mm) return true;
  review.look((view) => view.pointTo([largestSlice(mask), view.crosshair[1], view.crosshair[2]]));
  return true;
}
