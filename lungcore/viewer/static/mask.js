// A nodule's voxels: a box of zeros and ones that grows with what is painted. Pure functions.

/**
 * @typedef {import('./geometry.js').Index} Index
 * @typedef {{origin: Index, shape: Index, voxels: Uint8Array}} Mask
 *   voxels in C order, 0 or 1; origin: the index of the first
 * @typedef {{through: number, across: number, down: number}} PlaneAxes  of an index, as of a Plane
 */

const HEADER_NUMBERS = 6;

/** @param {Index} origin @param {Index} shape @returns {Mask} */
export function emptyMask(origin, shape) {
  return { origin, shape, voxels: new Uint8Array(shape[0] * shape[1] * shape[2]) };
}

/** Where a voxel lies in the box, or -1 outside of it. @param {Mask} mask @param {number[]} index */
export function offset({ origin, shape }, [slice, row, column]) {
  const [s, r, c] = [slice - origin[0], row - origin[1], column - origin[2]];
  if (s < 0 || r < 0 || c < 0 || s >= shape[0] || r >= shape[1] || c >= shape[2]) return -1;
  return (s * shape[1] + r) * shape[2] + c;
}

/** How many voxels are set. @param {Mask} mask */
export function count({ voxels }) {
  let sum = 0;
  for (const value of voxels) sum += value;
  return sum;
}

/** The same voxels in the box from `low` up to but without `high`. @param {Mask} mask @param {Index} low @param {Index} high */
export function inBox({ origin, shape, voxels }, low, high) {
  const box = emptyMask(low, [high[0] - low[0], high[1] - low[1], high[2] - low[2]]);
  const from = origin.map((first, axis) => Math.max(first, low[axis]));
  const end = origin.map((first, axis) => Math.min(first + shape[axis], high[axis]));
  if (from.some((first, axis) => first >= end[axis])) return box;
  for (let s = from[0]; s < end[0]; s++) {
    for (let r = from[1]; r < end[1]; r++) {
      const start = ((s - origin[0]) * shape[1] + r - origin[1]) * shape[2] - origin[2];
      box.voxels.set(voxels.subarray(start + from[2], start + end[2]), offset(box, [s, r, from[2]]));
    }
  }
  return box;
}

/** A copy whose box holds also that from `low` to `high`. @param {Mask} mask @param {Index} low @param {Index} high */
export function grownTo(mask, low, high) {
  const { origin, shape } = mask;
  const first = origin.map((from, axis) => Math.min(from, low[axis]));
  const end = origin.map((from, axis) => Math.max(from + shape[axis], high[axis]));
  return inBox(mask, /** @type {Index} */ (first), /** @type {Index} */ (end));
}

/** The mask in the smallest box that holds it, or null when nothing is set. @param {Mask} mask @returns {Mask | null} */
export function trimmed(mask) {
  const { origin, shape, voxels } = mask;
  const [slices, rows, columns] = shape;
  const [low, high] = [[...shape], [-1, -1, -1]];
  for (let s = 0; s < slices; s++) {
    for (let r = 0; r < rows; r++) {
      const row = voxels.subarray((s * rows + r) * columns, (s * rows + r + 1) * columns);
      const first = row.indexOf(1);
      if (first < 0) continue;
      const ends = [[s, s], [r, r], [first, row.lastIndexOf(1)]];
      for (const axis of [0, 1, 2]) {
        low[axis] = Math.min(low[axis], ends[axis][0]);
        high[axis] = Math.max(high[axis], ends[axis][1]);
      }
    }
  }
  if (high[0] < 0) return null;
  const from = origin.map((start, axis) => start + low[axis]);
  const end = origin.map((start, axis) => start + high[axis] + 1);
  return inBox(mask, /** @type {Index} */ (from), /** @type {Index} */ (end));
}

/** The mean index of the voxels set. @param {Mask} mask @returns {Index} */
export function centroid({ origin, shape, voxels }) {
  const sum = [0, 0, 0];
  let n = 0;
  for (let s = 0, i = 0; s < shape[0]; s++) {
    for (let r = 0; r < shape[1]; r++) {
      for (let c = 0; c < shape[2]; c++, i++) {
        if (!voxels[i]) continue;
        n += 1;
        sum[0] += s;
        sum[1] += r;
        sum[2] += c;
      }
    }
  }
  return [origin[0] + sum[0] / n, origin[1] + sum[1] / n, origin[2] + sum[2] / n];
}

/** Six little-endian uint32, origin and shape, then a bit a voxel, the highest first. @param {Mask} mask */
export function encodeMask({ origin, shape, voxels }) {
  const bytes = new Uint8Array(4 * HEADER_NUMBERS + Math.ceil(voxels.length / 8));
  const header = new DataView(bytes.buffer);
  [...origin, ...shape].forEach((number, i) => header.setUint32(4 * i, number, true));
  voxels.forEach((value, i) => {
    bytes[4 * HEADER_NUMBERS + (i >> 3)] |= value << (7 - (i & 7));
  });
  return bytes;
}

/** What `encodeMask` made. @param {ArrayBuffer} buffer @returns {Mask} */
export function decodeMask(buffer) {
  const bytes = new Uint8Array(buffer, 4 * HEADER_NUMBERS);
  const header = new DataView(buffer);
  const number = (/** @type {number} */ i) => header.getUint32(4 * i, true);
  const mask = emptyMask([number(0), number(1), number(2)], [number(3), number(4), number(5)]);
  for (let i = 0; i < mask.voxels.length; i++) mask.voxels[i] = (bytes[i >> 3] >> (7 - (i & 7))) & 1;
  return mask;
}

/**
 * The outline in the plane where the axis `through` is `at`: segments between the middles of voxel
 * edges, each [across, down, across, down] as indices. Marching squares with the level half-way.
 * @param {Mask} mask @param {PlaneAxes} axes @param {number} at @returns {number[][]}
 */
export function outline(mask, { through, across, down }, at) {
  const { origin, shape, voxels } = mask;
  const strides = [shape[1] * shape[2], shape[2], 1];
  const start = (at - origin[through]) * strides[through];
  const here = (/** @type {number} */ x, /** @type {number} */ y) => {
    const [u, v] = [x - origin[across], y - origin[down]];
    const isIn = u >= 0 && v >= 0 && u < shape[across] && v < shape[down];
    return isIn ? voxels[start + u * strides[across] + v * strides[down]] : 0;
  };
  /** @type {number[][]} */
  const segments = [];
  if (at < origin[through] || at >= origin[through] + shape[through]) return segments;
  for (let v = origin[down] - 1; v < origin[down] + shape[down]; v++) {
    for (let u = origin[across] - 1; u < origin[across] + shape[across]; u++) {
      const corners = here(u, v) + 2 * here(u + 1, v) + 4 * here(u + 1, v + 1) + 8 * here(u, v + 1);
      for (const [from, to] of CELLS[corners]) segments.push([...edge(u, v, from), ...edge(u, v, to)]);
    }
  }
  return segments;
}

/** The middle of an edge of the cell between four voxel centres. @param {number} u @param {number} v @param {string} side */
function edge(u, v, side) {
  if (side === 't') return [u + 0.5, v];
  if (side === 'b') return [u + 0.5, v + 1];
  return side === 'l' ? [u, v + 0.5] : [u + 1, v + 0.5];
}

/** Which edges a cell's outline joins, by which corners are inside; diagonal ones stay apart. */
const CELLS = [
  ...[[], ['lt'], ['tr'], ['lr'], ['rb'], ['lt', 'rb'], ['tb'], ['lb']],
  ...[['lb'], ['tb'], ['tr', 'lb'], ['rb'], ['lr'], ['tr'], ['lt'], []],
];
