// What the tools show over a pane: the brush under the pointer, calipers, rulers.

import { shape } from './dom.js';
import { onPane, shownCalipers } from './measuring.js';
import { distance } from './shapes.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */
/** @typedef {import('./geometry.js').ScreenPoint} ScreenPoint */

const END_RADIUS = 5; // CSS pixels
const LABEL_GAP = 9;
const LETTER = 7; // how wide a letter is, about

export class Sketch {
  /** @param {Review} review @param {import('./paneview.js').PaneView} pane */
  constructor(review, pane) {
    this.review = review;
    this.pane = pane;
    this.lines = shape('g', {});
    this.brush = shape('circle', { class: 'lv-brush' });
    this.node = shape('svg', { class: 'lv-overlay lv-sketch', 'aria-hidden': 'true' }, this.lines, this.brush);
    this.newLines = watch();
  }

  /** @param {boolean} isShown whether the pane is on the screen */
  draw(isShown) {
    const { view, findings, masks } = this.review;
    const { slice, camera, stage } = this.pane;
    const { mode, draft, selected, tools } = view;
    if (this.newLines(findings, slice, camera, stage, mode, draft, selected, tools.rulers, masks.arrived, isShown)) {
      this.lines.replaceChildren(...(isShown ? [...this.calipers(), ...this.rulers()] : []));
    }
    this.drawBrush(isShown);
  }

  /** @param {boolean} isShown */
  drawBrush(isShown) {
    const { mode, pointer, tools } = this.review.view;
    const paints = mode === 'brush' || mode === 'erase';
    const at = isShown && paints && pointer?.pane === this.pane ? pointer.point : { x: 0, y: 0 };
    const isHere = at.x !== 0 || at.y !== 0;
    const r = isHere ? (tools.brushMm / 2) * this.pane.placement.pixelsPerMm : 0;
    for (const [name, value] of Object.entries({ cx: at.x, cy: at.y, r })) {
      this.brush.setAttribute(name, String(value));
    }
    this.brush.setAttribute('data-tool', mode);
  }

  calipers() {
    const { review } = this;
    const shown = shownCalipers(review, this.pane);
    if (!shown) return [];
    const [a, b, c, d] = shown.ends;
    const [long, short] = [0, 2].map((i) => distance(shown.ends_mm[i], shown.ends_mm[i + 1]));
    const label = review.t('calipers_label', {
      long: Math.max(long, short).toFixed(1),
      short: Math.min(long, short).toFixed(1),
      mm: review.drawnFinding?.diameter_mm.toFixed(1) ?? '',
    });
    const ends = shown.ends.map(({ x, y }, i) => {
      return shape('circle', { cx: x, cy: y, r: END_RADIUS, class: 'lv-end', 'data-end': i });
    });
    return [segment(a, b), segment(c, d), ...ends, this.label(shown.ends, label)];
  }

  rulers() {
    const { review, pane } = this;
    const { orientation, slice } = pane;
    const here = review.view.tools.rulers.filter((one) => one.orientation === orientation && one.slice === slice);
    return here.flatMap(({ from, to }) => {
      const [a, b] = [onPane(pane, from), onPane(pane, to)];
      if (!a || !b) return [];
      const label = review.t('length_mm', { mm: distance(from, to).toFixed(1) });
      return [segment(a, b, 'lv-ruler'), this.label([a, b], label)];
    });
  }

  /** Beside the rightmost of the ends, or the leftmost where there is no room. @param {ScreenPoint[]} ends @param {string} words */
  label(ends, words) {
    const [left, ...others] = ends.toSorted((a, b) => a.x - b.x);
    const right = others[others.length - 1];
    const isLeft = right.x + LABEL_GAP + words.length * LETTER > this.pane.stage.width;
    const { x, y } = isLeft ? left : right;
    const at = { x: x + (isLeft ? -LABEL_GAP : LABEL_GAP), y: y + 4, 'text-anchor': isLeft ? 'end' : 'start' };
    return shape('text', at, words);
  }
}

/** @param {ScreenPoint} a @param {ScreenPoint} b @param {string} [className] */
function segment(a, b, className = 'lv-caliper') {
  const ends = { x1: a.x, y1: a.y, x2: b.x, y2: b.y };
  return shape('g', { class: className }, shape('line', { ...ends, class: 'lv-halo' }), shape('line', ends));
}
