// The mouse, the pen and the finger on the stage.

import { selectAt, startDrag } from './drags.js';
import { zoomAt } from './geometry.js';

/** @typedef {import('./review.js').Review} Review */

const CLICK_PIXELS = 3;
const NOTCH_PIXELS = 60; // a wheel's notch gives more than this, a touch pad's steps less
const PAD_PIXELS = 40;
const ZOOM_STEP = 1.25;

/**
 * @param {Review} review @param {import('./actions.js').Actions} actions
 * @param {HTMLElement} node @param {AbortSignal} signal
 */
export function listenToStage(review, actions, node, signal) {
  listenToWheel(review, node, signal);
  /** @type {import('./drags.js').Drag | null} */
  let drag = null;
  let start = { x: 0, y: 0 };
  let moved = false;
  const pointOf = (/** @type {PointerEvent | MouseEvent} */ event) => {
    const box = node.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const on = (/** @type {string} */ type, /** @type {(event: any) => void} */ listener) =>
    node.addEventListener(type, listener, { signal });

  on('pointerdown', (event) => {
    if (drag) return;
    event.preventDefault();
    node.focus({ preventScroll: true });
    node.setPointerCapture(event.pointerId);
    start = pointOf(event);
    moved = false;
    drag = startDrag(review, event, start);
  });
  on('pointermove', (event) => {
    const point = pointOf(event);
    moved ||= Math.hypot(point.x - start.x, point.y - start.y) >= CLICK_PIXELS;
    review.look((view) => {
      view.pointer = point;
    });
    if (moved) drag?.move(point);
  });
  const finish = () => {
    drag?.end(moved);
    drag = null;
  };
  on('pointerup', finish);
  on('pointercancel', () => {
    drag = null; // the browser took the gesture for its own: nobody let go on purpose
    review.look((view) => {
      view.draft = null;
    });
  });
  on('pointerleave', () =>
    review.look((view) => {
      view.pointer = null;
    }),
  );
  on('contextmenu', (event) => event.preventDefault());
  on('dblclick', (event) => {
    if (review.view.mode !== 'read' || !selectAt(review, pointOf(event))) return;
    actions.edit();
  });
}

/** @param {Review} review @param {HTMLElement} node @param {AbortSignal} signal */
function listenToWheel(review, node, signal) {
  let rest = 0;
  const onWheel = (/** @type {WheelEvent} */ event) => {
    event.preventDefault();
    if (event.ctrlKey) {
      const box = node.getBoundingClientRect();
      const point = { x: event.clientX - box.left, y: event.clientY - box.top };
      const factor = ZOOM_STEP ** -Math.sign(event.deltaY);
      review.look((view) => {
        view.camera = zoomAt(view.camera, view.stage, point, factor);
      });
      return;
    }
    const byNotch = event.deltaMode !== 0 || Math.abs(event.deltaY) >= NOTCH_PIXELS;
    rest = byNotch ? Math.sign(event.deltaY) * PAD_PIXELS : rest + event.deltaY;
    const slices = Math.trunc(rest / PAD_PIXELS);
    rest -= slices * PAD_PIXELS;
    if (slices) review.look((view) => view.showNumber(view.number + slices));
  };
  node.addEventListener('wheel', onWheel, { signal, passive: false });
}
