// A slice as an image. The canvas has one pixel a voxel and the browser scales it: on machines
// without a GPU that keeps 60 frames a second where drawing at screen size does not.

import { fillTable } from './window.js';

/** @typedef {import('./geometry.js').Placement} Placement */
/** @typedef {import('./window.js').Window} Window */

const HU_OFFSET = 32768;

export class SliceImage {
  /** @param {HTMLCanvasElement} canvas @param {number} rows @param {number} columns */
  constructor(canvas, rows, columns) {
    this.canvas = canvas;
    canvas.width = columns;
    canvas.height = rows;
    const context = canvas.getContext('2d', { alpha: false });
    if (!context) throw new Error('this browser gives no 2D canvas');
    this.context = context;
    this.image = context.createImageData(columns, rows);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.table = new Uint32Array(65536);
    /** @type {Window | null} */
    this.window = null;
  }

  /** Draw the voxels of a slice; null draws black. @param {Int16Array | null} voxels @param {Window} window */
  draw(voxels, window) {
    if (this.window !== window) {
      fillTable(window, this.table);
      this.window = window;
    }
    if (!voxels) {
      this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
      return;
    }
    paint(voxels, this.table, this.pixels);
    this.context.putImageData(this.image, 0, 0);
  }

  /** Put the canvas where the slice lies on the stage. @param {Placement} at */
  place({ scaleX, scaleY, offsetX, offsetY }) {
    const { canvas } = this;
    const width = Math.abs(scaleX) * canvas.width;
    const height = Math.abs(scaleY) * canvas.height;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    canvas.style.left = `${scaleX < 0 ? offsetX - width : offsetX}px`;
    canvas.style.top = `${scaleY < 0 ? offsetY - height : offsetY}px`;
    canvas.style.transform = `scale(${Math.sign(scaleX)}, ${Math.sign(scaleY)})`;
  }
}

/** @param {Int16Array} voxels @param {Uint32Array} table @param {Uint32Array} pixels */
export function paint(voxels, table, pixels) {
  for (let i = 0; i < voxels.length; i++) pixels[i] = table[voxels[i] + HU_OFFSET];
}

/**
 * Draw a square of `side_mm` around a voxel into a canvas, for a finding's card.
 * @param {CanvasRenderingContext2D} context @param {Int16Array} voxels
 * @param {import('./geometry.js').Grid} grid @param {{row: number, column: number}} center
 * @param {number} side_mm @param {Uint32Array} table
 */
export function drawCrop(context, voxels, grid, center, side_mm, table) {
  const image = context.createImageData(grid.columns, grid.rows);
  paint(voxels, table, new Uint32Array(image.data.buffer));
  const whole = new OffscreenCanvas(grid.columns, grid.rows);
  whole.getContext('2d')?.putImageData(image, 0, 0);
  const width = side_mm / grid.columnMm;
  const height = side_mm / grid.rowMm;
  const { columns, rows } = grid.mirrored();
  const { canvas } = context;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.save();
  context.translate(columns ? canvas.width : 0, rows ? canvas.height : 0);
  context.scale(columns ? -1 : 1, rows ? -1 : 1);
  const [left, top] = [center.column + 0.5 - width / 2, center.row + 0.5 - height / 2];
  context.drawImage(whole, left, top, width, height, 0, 0, canvas.width, canvas.height);
  context.restore();
}
