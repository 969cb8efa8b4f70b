// A slice as an image. The canvas has one pixel a voxel and the browser scales it: on machines
// without a GPU that keeps 60 frames a second where drawing at screen size does not.

/** @typedef {import('./geometry.js').Placement} Placement */

const HU_OFFSET = 32768;

export class SliceImage {
  /** @param {HTMLCanvasElement} canvas @param {number} width @param {number} height */
  constructor(canvas, width, height) {
    this.canvas = canvas;
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext('2d', { alpha: false });
    if (!context) throw new Error('this browser gives no 2D canvas');
    this.context = context;
    this.image = context.createImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /**
   * Draw the voxels of a slice. @param {Int16Array} voxels @param {Uint32Array} table of the window
   * @param {(pixels: Uint32Array) => void} colour lays colours over the grey
   */
  draw(voxels, table, colour) {
    paint(voxels, table, this.pixels);
    colour(this.pixels);
    this.context.putImageData(this.image, 0, 0);
  }

  /** Put the canvas where the slice lies on the stage; a width in CSS would be rounded to whole pixels. @param {Placement} at */
  place({ scaleX, scaleY, skewX, offsetX, offsetY }) {
    this.canvas.style.transform = `matrix(${scaleX}, 0, ${skewX}, ${scaleY}, ${offsetX}, ${offsetY})`;
  }
}

/** @param {Int16Array} voxels @param {Uint32Array} table @param {Uint32Array} pixels */
export function paint(voxels, table, pixels) {
  for (let i = 0; i < voxels.length; i++) pixels[i] = table[voxels[i] + HU_OFFSET];
}

/**
 * Draw a square of `sideMm` around a point of a slice into a canvas, for a finding's card.
 * @param {CanvasRenderingContext2D} context @param {Int16Array} voxels
 * @param {import('./plane.js').Plane} plane @param {import('./geometry.js').PlanePoint} center
 * @param {number} sideMm @param {Uint32Array} table
 */
export function drawCrop(context, voxels, plane, center, sideMm, table) {
  const image = context.createImageData(plane.width, plane.height);
  paint(voxels, table, new Uint32Array(image.data.buffer));
  const whole = new OffscreenCanvas(plane.width, plane.height);
  whole.getContext('2d')?.putImageData(image, 0, 0);
  const width = sideMm / plane.acrossMm;
  const height = sideMm / plane.downMm;
  const { across, down } = plane.mirrored;
  const { canvas } = context;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.save();
  context.translate(across ? canvas.width : 0, down ? canvas.height : 0);
  context.scale(across ? -1 : 1, down ? -1 : 1);
  const [left, top] = [center.across + 0.5 - width / 2, center.down + 0.5 - height / 2];
  context.drawImage(whole, left, top, width, height, 0, 0, canvas.width, canvas.height);
  context.restore();
}
