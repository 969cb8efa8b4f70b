// Two fingers on a pane: spread to zoom, move to pan.

/** @typedef {import('./geometry.js').ScreenPoint} ScreenPoint */
/** @typedef {{move: (down: Map<number, ScreenPoint>) => void}} Pinch */

/** Where two fingers are and how far apart. @param {Map<number, ScreenPoint>} down */
function span(down) {
  const [a, b] = down.values();
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.hypot(a.x - b.x, a.y - b.y) };
}

/**
 * The pinch of the fingers that are down, or null where they are not two.
 * @param {import('./review.js').Review} review @param {import('./paneview.js').PaneView} pane
 * @param {Map<number, ScreenPoint>} down @returns {Pinch | null}
 */
export function startPinch(review, pane, down) {
  if (down.size !== 2) return null;
  let last = span(down);
  return {
    move: (now) => {
      const next = span(now);
      review.look(() => {
        pane.pan(next.x - last.x, next.y - last.y);
        pane.zoom(next.apart / Math.max(last.apart, 1), next);
      });
      last = next;
    },
  };
}
