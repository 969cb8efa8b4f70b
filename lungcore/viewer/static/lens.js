// The magnifier: what lies under the pointer, three times as large.

import { element, set } from './dom.js';

const SIDE = 220; // CSS pixels
const TIMES = 3;

export class Lens {
  constructor() {
    this.node = element('canvas', { class: 'lv-lens', 'aria-hidden': 'true', hidden: true });
    this.context = this.node.getContext('2d', { alpha: false });
  }

  /**
   * @param {HTMLCanvasElement} image the slice @param {import('./geometry.js').Placement} at where it lies
   * @param {import('./geometry.js').ScreenPoint | null} point null hides the magnifier
   * @param {boolean} smooth
   */
  draw(image, at, point, smooth) {
    set(this.node, 'hidden', !point);
    if (!point || !this.context) return;
    const side = Math.round(SIDE * devicePixelRatio);
    if (this.node.width !== side) this.node.width = this.node.height = side;
    this.node.style.transform = `translate(${point.x - SIDE / 2}px, ${point.y - SIDE / 2}px)`;
    const { context } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = '#000';
    context.fillRect(0, 0, side, side);
    const scale = TIMES * devicePixelRatio;
    context.setTransform(
      scale * at.scaleX,
      0,
      scale * at.skewX,
      scale * at.scaleY,
      scale * (at.offsetX - point.x) + side / 2,
      scale * (at.offsetY - point.y) + side / 2,
    );
    context.imageSmoothingEnabled = smooth;
    context.drawImage(image, 0, 0);
  }
}
