// Layers as colour in a slice's pixels. They cost what they cover and no canvas of their own: on
// machines without a GPU each more canvas is paid for in every frame. Pure functions.

/**
 * @typedef {import('./plane.js').Plane} Plane
 * @typedef {import('./geometry.js').Index} Index
 * @typedef {{origin: Index, step: Index, shape: Index, values: Uint8Array}} LayerVoxels
 *   element (i, j, k) covers the voxels from origin + step * (i, j, k) on
 * @typedef {Uint32Array} Palette  256 colours by value, (red, green, blue, strength) from the
 *   lowest byte on; strength 0 shows nothing
 */

const FULL = 255;

/** @param {number} red @param {number} green @param {number} blue @param {number} strength 0 to 1 */
const colour = (red, green, blue, strength) =>
  ((Math.round(strength * FULL) << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** One colour for all that a mask has. @param {number[]} rgb @param {number} strength 0 to 1 @returns {Palette} */
export function maskPalette([red, green, blue], strength) {
  return new Uint32Array(256).fill(colour(red, green, blue, strength), 1);
}

/** Black-body colours: from dark red over orange to pale yellow. @param {number} share 0 to 1 @returns {[number, number, number]} */
export function heat(share) {
  const ramp = (/** @type {number} */ from, /** @type {number} */ to) =>
    Math.round(FULL * Math.min(Math.max((share - from) / (to - from), 0), 1));
  return [Math.max(ramp(0, 0.4), 70), ramp(0.3, 0.85), ramp(0.8, 1.2)];
}

/** The colours of a heat map; below `threshold` (0 to 1) nothing shows. @param {number} threshold @param {number} strength @returns {Palette} */
export function heatPalette(threshold, strength) {
  const palette = new Uint32Array(256);
  for (let value = 1; value < 256; value++) {
    const share = value / FULL;
    if (share >= threshold) palette[value] = colour(...heat(share), strength);
  }
  return palette;
}

/**
 * Lay the colours of a layer over the pixels of a slice.
 * @param {Uint32Array} pixels opaque, of the plane's size @param {Plane} plane
 * @param {number} slice @param {LayerVoxels} layer @param {Palette} palette
 */
export function tint(pixels, plane, slice, { origin, step, shape, values }, palette) {
  const { through, down, across, width, height } = plane;
  const depth = Math.floor((slice - origin[through]) / step[through]);
  if (depth < 0 || depth >= shape[through]) return;
  const strides = [shape[1] * shape[2], shape[2], 1];
  const end = (/** @type {number} */ axis, /** @type {number} */ most) =>
    Math.min(origin[axis] + shape[axis] * step[axis], most);
  const [lastDown, lastAcross] = [end(down, height), end(across, width)];
  for (let y = origin[down]; y < lastDown; y++) {
    const row = depth * strides[through] + Math.floor((y - origin[down]) / step[down]) * strides[down];
    let pixel = y * width + origin[across];
    for (let x = origin[across]; x < lastAcross; x++, pixel++) {
      const element = row + Math.floor((x - origin[across]) / step[across]) * strides[across];
      const over = palette[values[element]];
      if (over) pixels[pixel] = blended(pixels[pixel], over);
    }
  }
}

/** @param {number} under @param {number} over @returns {number} opaque */
function blended(under, over) {
  const strength = over >>> 24;
  const mix = (/** @type {number} */ shift) => {
    const from = (under >>> shift) & FULL;
    const to = (over >>> shift) & FULL;
    return Math.round(from + ((to - from) * strength) / FULL) << shift;
  };
  return (0xff000000 | mix(16) | mix(8) | mix(0)) >>> 0;
}
