// What the reader draws with, and the rulers laid on the images.

/**
 * @typedef {import('./geometry.js').Point} Point
 * @typedef {import('./plane.js').Orientation} Orientation
 * @typedef {{orientation: Orientation, slice: number, from: Point, to: Point}} Ruler
 */

const BRUSH_SIZES_MM = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40];

export class Tools {
  constructor() {
    /** Diameter of the brush and the eraser. */
    this.brushMm = 6;
    /** A disc in the plane, or a ball. */
    this.isFlat = true;
    /** The axis across the plane that was painted on last: planes between are filled along it. */
    this.paintedAcross = 0;
    /** @type {Ruler[]} */
    this.rulers = [];
  }

  /** The next size of the brush. @param {1 | -1} steps */
  resizeBrush(steps) {
    const sizes = steps > 0 ? BRUSH_SIZES_MM : BRUSH_SIZES_MM.toReversed();
    this.brushMm = sizes.find((mm) => (mm - this.brushMm) * steps > 0) ?? this.brushMm;
  }

  static sizes = BRUSH_SIZES_MM;
}
