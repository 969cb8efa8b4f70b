// The voxels of a series, fetched chunk by chunk from the slices looked at outward.

import { isPassing, waitMs } from './retry.js';

/** @typedef {import('./decoder.js').ChunkAnswer} ChunkAnswer */
/** @typedef {number | 'decoder' | null} VolumeProblem
 *   the HTTP status of a chunk that did not come (0: no connection), a decoder that did not start,
 *   or nothing */

const IN_FLIGHT = 3;

/**
 * The chunk to fetch next: the one nearest to the focus, the later of two as near.
 * @param {Iterable<number>} waiting @param {number} focus a chunk number, fractions count
 */
export function nearest(waiting, focus) {
  let best = -1;
  for (const number of waiting) {
    const closer = Math.abs(number - focus) - Math.abs(best - focus);
    if (best < 0 || closer < 0 || (closer === 0 && number > best)) best = number;
  }
  return best;
}

export class Volume {
  /**
   * @param {{slices: number, rows: number, columns: number}} grid
   * @param {{chunks: number, chunk_slices: number}} pixels
   * @param {{url: (number: number) => string, worker: Worker,
   *   onChange: (chunk: number) => void, onProblem: (problem: VolumeProblem) => void}} use
   *   onChange when a chunk came; onProblem when one did not, and when loading goes on again
   */
  constructor(grid, pixels, use) {
    this.grid = grid;
    this.chunkSlices = pixels.chunk_slices;
    this.use = use;
    /** @type {Map<number, Int16Array>} */
    this.chunks = new Map();
    this.waiting = new Set(Array.from({ length: pixels.chunks }, (_, number) => number));
    this.flying = 0;
    this.failures = 0;
    this.focus = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    use.worker.addEventListener('message', (event) => this.receive(event.data));
    use.worker.addEventListener('error', () => use.onProblem('decoder'));
  }

  /** Fetch what is missing, nearest to `slice` first. @param {number} slice */
  lookAt(slice) {
    this.focus = (slice + 0.5) / this.chunkSlices - 0.5;
    this.fetchMore();
  }

  fetchMore() {
    // The first chunk comes soonest alone; after a failure one request feels the way.
    const limit = this.failures || !this.chunks.size ? 1 : IN_FLIGHT;
    while (!this.timer && this.flying < limit && this.waiting.size) {
      const number = nearest(this.waiting, this.focus);
      this.waiting.delete(number);
      this.flying += 1;
      this.use.worker.postMessage({ number, url: this.use.url(number) });
    }
  }

  /** @param {ChunkAnswer} answer */
  receive({ number, voxels, status = 0 }) {
    this.flying -= 1;
    if (voxels) {
      this.chunks.set(number, voxels);
      if (this.failures) this.use.onProblem(null);
      this.failures = 0;
      this.use.onChange(number);
      this.fetchMore();
      if (!this.flying) this.use.worker.terminate(); // all is here
      return;
    }
    this.use.onProblem(status);
    if (!isPassing(status)) return;
    this.waiting.add(number);
    if (this.timer) return;
    this.failures += 1;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.fetchMore();
    }, waitMs(this.failures));
  }

  /** The voxels of a slice, row by row, or null while they are not here. @param {number} slice */
  slice(slice) {
    const chunk = this.chunks.get(Math.floor(slice / this.chunkSlices));
    if (!chunk) return null;
    const size = this.grid.rows * this.grid.columns;
    const start = (slice % this.chunkSlices) * size;
    return chunk.subarray(start, start + size);
  }

  /** HU at a voxel, or null outside the series or while not loaded. @param {number[]} index */
  hu([slice, row, column]) {
    const { rows, columns, slices } = this.grid;
    if (row < 0 || column < 0 || row >= rows || column >= columns) return null;
    if (slice < 0 || slice >= slices) return null;
    return this.slice(slice)?.[row * columns + column] ?? null;
  }

  /** Number of slices that are here. */
  get loaded() {
    let count = 0;
    for (const number of this.chunks.keys()) {
      count += Math.min(this.chunkSlices, this.grid.slices - number * this.chunkSlices);
    }
    return count;
  }

  get isWhole() {
    return this.loaded === this.grid.slices;
  }

  stop() {
    clearTimeout(this.timer);
    this.use.worker.terminate();
  }
}
