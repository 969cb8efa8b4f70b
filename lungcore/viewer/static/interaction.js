// The mouse, the pen and the fingers on a pane.

import { selectAt, startDrag } from './drags.js';
import { startPinch } from './pinch.js';

/** @typedef {import('./review.js').Review} Review */
/** @typedef {import('./paneview.js').PaneView} PaneView */
/** @typedef {import('./geometry.js').ScreenPoint} ScreenPoint */

const CLICK_PIXELS = 3;
const NOTCH_PIXELS = 60; // a wheel's notch gives more than this, a touch pad's steps less
const PAD_PIXELS = 40;
const ZOOM_STEP = 1.25;

/**
 * @param {Review} review @param {import('./actions.js').Actions} actions @param {PaneView} pane
 * @param {HTMLElement} node @param {AbortSignal} signal
 */
export function listenToPane(review, actions, pane, node, signal) {
  const pointOf = (/** @type {MouseEvent} */ event) => {
    const box = node.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  listenToWheel(review, pane, node, pointOf, signal);
  /** Where the buttons or fingers that are down lie. @type {Map<number, ScreenPoint>} */
  const down = new Map();
  /** @type {import('./drags.js').Drag | null} */
  let drag = null;
  /** @type {import('./pinch.js').Pinch | null} */
  let pinch = null;
  let start = { x: 0, y: 0 };
  let moved = false;
  const on = (/** @type {string} */ type, /** @type {(event: any) => void} */ listener) =>
    node.addEventListener(type, listener, { signal });
  /** Nobody let go on purpose: what is being drawn is dropped. */
  const drop = () => {
    drag = null;
    review.look((view) => {
      view.draft = null;
    });
  };

  on('pointerdown', (event) => {
    event.preventDefault();
    node.focus({ preventScroll: true });
    node.setPointerCapture(event.pointerId);
    const point = pointOf(event);
    review.look((view) => {
      view.active = pane.orientation;
    });
    if (down.size && !down.has(event.pointerId)) drop(); // a second finger takes over
    down.set(event.pointerId, point);
    pinch = startPinch(review, pane, down);
    if (drag || pinch) return;
    start = point;
    moved = false;
    drag = startDrag(review, pane, event, start);
  });
  on('pointermove', (event) => {
    const point = pointOf(event);
    if (down.has(event.pointerId)) down.set(event.pointerId, point);
    pinch?.move(down);
    moved ||= Math.hypot(point.x - start.x, point.y - start.y) >= CLICK_PIXELS;
    review.look((view) => {
      view.pointer = { pane, point };
    });
    if (moved) drag?.move(point);
  });
  on('pointerup', (event) => {
    down.delete(event.pointerId);
    pinch = null;
    drag?.end(moved);
    drag = null;
  });
  on('pointercancel', (event) => {
    down.delete(event.pointerId);
    pinch = null;
    drop(); // the browser took the gesture for its own
  });
  on('pointerleave', () =>
    review.look((view) => {
      view.pointer = null;
    }),
  );
  on('contextmenu', (event) => event.preventDefault());
  on('dblclick', (event) => {
    if (review.view.mode !== 'read') return;
    if (selectAt(review, pane, pointOf(event))) actions.edit();
    else review.look((view) => view.swell(pane.orientation));
  });
}

/** @param {Review} review @param {PaneView} pane @param {HTMLElement} node @param {(event: MouseEvent) => ScreenPoint} pointOf @param {AbortSignal} signal */
function listenToWheel(review, pane, node, pointOf, signal) {
  let rest = 0;
  const onWheel = (/** @type {WheelEvent} */ event) => {
    event.preventDefault();
    if (event.ctrlKey) {
      review.look(() => pane.zoom(ZOOM_STEP ** -Math.sign(event.deltaY), pointOf(event)));
      return;
    }
    const byNotch = event.deltaMode !== 0 || Math.abs(event.deltaY) >= NOTCH_PIXELS;
    rest = byNotch ? Math.sign(event.deltaY) * PAD_PIXELS : rest + event.deltaY;
    const slices = Math.trunc(rest / PAD_PIXELS);
    rest -= slices * PAD_PIXELS;
    if (slices) review.look(() => pane.showNumber(pane.number + slices));
  };
  node.addEventListener('wheel', onWheel, { signal, passive: false });
}
