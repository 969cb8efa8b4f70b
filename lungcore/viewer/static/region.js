// Places in a box of voxels, by their number in C order: neighbours, what hangs together, holes.

/** @typedef {import('./geometry.js').Index} Index */

/** The index within the box. @param {Index} shape @param {number} i @returns {Index} */
export function indexOf(shape, i) {
  const row = Math.floor(i / shape[2]);
  return [Math.floor(row / shape[1]), row % shape[1], i % shape[2]];
}

/** The places within `mm` of a place. @param {{shape: Index, spacing: Index}} box @param {number} from @param {number} mm */
export function placesNear({ shape, spacing }, from, mm) {
  const at = indexOf(shape, from);
  const low = at.map((value, axis) => Math.max(value - Math.floor(mm / spacing[axis]), 0));
  const high = at.map((value, axis) => Math.min(value + Math.floor(mm / spacing[axis]), shape[axis] - 1));
  const off = (/** @type {number} */ value, /** @type {number} */ axis) => ((value - at[axis]) * spacing[axis]) ** 2;
  const places = [];
  for (let s = low[0]; s <= high[0]; s++) {
    for (let r = low[1]; r <= high[1]; r++) {
      const before = off(s, 0) + off(r, 1);
      for (let c = low[2]; c <= high[2]; c++) {
        if (before + off(c, 2) <= mm * mm) places.push((s * shape[1] + r) * shape[2] + c);
      }
    }
  }
  return places;
}

/** What hangs together with `seed` face to face among the voxels that hold. @param {Index} shape @param {number} seed @param {(i: number) => boolean} holds */
export function flood(shape, seed, holds) {
  const reached = new Uint8Array(shape[0] * shape[1] * shape[2]);
  if (!holds(seed)) return reached;
  reached[seed] = 1;
  const open = [seed];
  const take = (/** @type {number} */ i) => {
    if (reached[i] || !holds(i)) return;
    reached[i] = 1;
    open.push(i);
  };
  const [slices, rows, columns] = shape;
  const plane = rows * columns;
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    const column = i % columns;
    const row = Math.floor(i / columns) % rows;
    if (column > 0) take(i - 1);
    if (column < columns - 1) take(i + 1);
    if (row > 0) take(i - columns);
    if (row < rows - 1) take(i + columns);
    if (i >= plane) take(i - plane);
    if (i < (slices - 1) * plane) take(i + plane);
  }
  return reached;
}

/** The region with what it encloses on all sides. @param {Index} shape @param {Uint8Array} region */
export function withoutHoles(shape, region) {
  const padded = /** @type {Index} */ (shape.map((length) => length + 2));
  const isRegion = (/** @type {number} */ i) => {
    const [s, r, c] = indexOf(padded, i).map((value) => value - 1);
    if (s < 0 || r < 0 || c < 0 || s >= shape[0] || r >= shape[1] || c >= shape[2]) return false;
    return region[(s * shape[1] + r) * shape[2] + c] === 1;
  };
  const outside = flood(padded, 0, (i) => !isRegion(i));
  return region.map((_, i) => {
    const [s, r, c] = indexOf(shape, i).map((value) => value + 1);
    return outside[(s * padded[1] + r) * padded[2] + c] ? 0 : 1;
  });
}
