// Distances in a box of voxels, in millimetres. Pure functions.

/** @typedef {import('./geometry.js').Index} Index */

/**
 * From the centre of each voxel to that of the nearest one that `holds`; Infinity where none does.
 * Exact, one axis after the other (Felzenszwalb and Huttenlocher, Theory of Computing 8, 2012).
 * @param {Index} shape @param {Index} spacing mm along slice, row and column
 * @param {(i: number) => boolean} holds of the voxel at place i in C order
 * @returns {Float32Array}
 */
export function distances(shape, spacing, holds) {
  const size = shape[0] * shape[1] * shape[2];
  const squared = new Float32Array(size);
  for (let i = 0; i < size; i++) squared[i] = holds(i) ? 0 : Infinity;
  const strides = [shape[1] * shape[2], shape[2], 1];
  for (const axis of [2, 1, 0]) {
    const line = new Line(shape[axis], spacing[axis]);
    for (const start of lineStarts(shape, axis)) line.run(squared, start, strides[axis]);
  }
  return squared.map(Math.sqrt);
}

/** The places where the lines along an axis begin. @param {Index} shape @param {number} axis */
function* lineStarts(shape, axis) {
  const strides = [shape[1] * shape[2], shape[2], 1];
  const [a, b] = [0, 1, 2].filter((other) => other !== axis);
  for (let i = 0; i < shape[a]; i++) {
    for (let j = 0; j < shape[b]; j++) yield i * strides[a] + j * strides[b];
  }
}

/** The lower envelope of parabolas over one line. */
class Line {
  /** @param {number} length @param {number} step mm */
  constructor(length, step) {
    this.length = length;
    this.step = step;
    this.values = new Float64Array(length);
    this.roots = new Int32Array(length); // where the parabolas of the envelope stand
    this.starts = new Float64Array(length); // from where on each is the lowest
  }

  /** @param {Float32Array} squared @param {number} start @param {number} stride */
  run(squared, start, stride) {
    const { length, values } = this;
    for (let i = 0; i < length; i++) values[i] = squared[start + i * stride];
    const last = this.envelope();
    if (last < 0) return;
    for (let i = 0, k = 0; i < length; i++) {
      while (k < last && this.starts[k + 1] < i) k++;
      const apart = (i - this.roots[k]) * this.step;
      squared[start + i * stride] = apart * apart + values[this.roots[k]];
    }
  }

  /** Returns the number of the last parabola, -1 when there is none. */
  envelope() {
    const { length, values, roots, starts, step } = this;
    const area = step * step;
    let k = -1;
    for (let i = 0; i < length; i++) {
      if (values[i] === Infinity) continue;
      let from = -Infinity;
      while (k >= 0) {
        const root = roots[k];
        from = (values[i] - values[root]) / (2 * area * (i - root)) + (i + root) / 2;
        if (from > starts[k]) break;
        k--;
        from = -Infinity;
      }
      k++;
      roots[k] = i;
      starts[k] = from;
    }
    return k;
  }
}
