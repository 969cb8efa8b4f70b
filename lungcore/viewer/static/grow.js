// From one click to a nodule's outline: what is denser than the lung around, without the vessels and
// the wall that it hangs on. Pure functions.

import { cutFree } from './cutfree.js';
import { distances } from './distance.js';
import { emptyMask, trimmed } from './mask.js';
import { flood, placesNear, withoutHoles } from './region.js';

/**
 * @typedef {import('./geometry.js').Index} Index
 * @typedef {import('./mask.js').Mask} Mask
 * @typedef {{shape: Index, spacing: Index, slice: (slice: number) => Int16Array | null}} Voxels
 *   spacing: mm along slice, row and column
 * @typedef {{origin: Index, shape: Index, spacing: Index, hu: Float32Array, seed: number, reach_mm: number}} Box
 */

const REACHES_MM = [22, 45]; // from the click: first as far as most nodules go, then a mass
const SAMPLED = 23; // every so many voxels tell of the lung
const LUNG_HU = -860; // where there is too little lung in reach to ask it
const UPHILL_MM = 1;
const UPHILL_STEPS = 3;
const CORE_MM = 1.5;
const LEAST_CONTRAST_HU = 120;
// Of the way from lung to nodule: readers of LIDC-IDRI draw a little outside of half-way.
const EDGE = 0.42;

/**
 * The nodule at `index`, or null: nothing there stands out of the lung, or its slices are not here.
 * @param {Voxels} voxels @param {Index} index @returns {Mask | null}
 */
export function grow(voxels, index) {
  for (const reach_mm of REACHES_MM) {
    const box = boxAround(voxels, index, reach_mm);
    const found = box && growIn(box);
    if (!found) return null;
    const span = Math.max(...found.shape.map((length, axis) => length * voxels.spacing[axis]));
    if (span < 1.5 * reach_mm) return found;
  }
  return null;
}

/** The voxels within reach, each slice smoothed a little. @param {Voxels} voxels @param {Index} index @param {number} reach_mm @returns {Box | null} */
function boxAround({ shape, spacing, slice }, index, reach_mm) {
  const low = index.map((at, axis) => Math.max(Math.round(at - reach_mm / spacing[axis]), 0));
  const high = index.map((at, axis) => Math.min(Math.round(at + reach_mm / spacing[axis]) + 1, shape[axis]));
  const size = /** @type {Index} */ (low.map((from, axis) => high[axis] - from));
  const hu = new Float32Array(size[0] * size[1] * size[2]);
  for (let s = 0; s < size[0]; s++) {
    const whole = slice(s + low[0]);
    if (!whole) return null;
    smoothInto(hu, s * size[1] * size[2], whole, shape, low, size);
  }
  const at = index.map((value, axis) => Math.min(Math.max(Math.round(value), low[axis]), high[axis] - 1) - low[axis]);
  const seed = (at[0] * size[1] + at[1]) * size[2] + at[2];
  return { origin: /** @type {Index} */ (low), shape: size, spacing, hu, seed, reach_mm };
}

/** Weights 1 2 1 along rows and columns. @param {Float32Array} target @param {number} start @param {Int16Array} whole @param {Index} shape @param {number[]} low @param {Index} size */
function smoothInto(target, start, whole, shape, low, size) {
  const [, rows, columns] = shape;
  for (let r = 0; r < size[1]; r++) {
    for (let c = 0; c < size[2]; c++) {
      let sum = 0;
      for (let dr = -1; dr <= 1; dr++) {
        const row = Math.min(Math.max(r + low[1] + dr, 0), rows - 1) * columns;
        for (let dc = -1; dc <= 1; dc++) {
          const column = Math.min(Math.max(c + low[2] + dc, 0), columns - 1);
          sum += (2 - Math.abs(dr)) * (2 - Math.abs(dc)) * whole[row + column];
        }
      }
      target[start + r * size[2] + c] = sum / 16;
    }
  }
}

/** @param {Box} box @returns {Mask | null} */
function growIn(box) {
  const lung = lungHu(box.hu);
  const seed = uphill(box);
  const core = median(valuesNear(box, seed, CORE_MM));
  if (core - lung < LEAST_CONTRAST_HU) return null;
  const level = lung + EDGE * (core - lung);
  const region = flood(box.shape, seed, (i) => box.hu[i] >= level);
  if (!region[seed]) return null;
  const depth = distances(box.shape, box.spacing, (i) => box.hu[i] < level);
  const kept = cutFree(box, seed, depth, region);
  const mask = emptyMask(box.origin, box.shape);
  mask.voxels.set(kept);
  const small = trimmed(mask);
  return small && { ...small, voxels: withoutHoles(small.shape, small.voxels) };
}

/** What the lung within reach measures. @param {Float32Array} hu */
function lungHu(hu) {
  const lung = [];
  for (let i = 0; i < hu.length; i += SAMPLED) if (hu[i] < -650 && hu[i] > -980) lung.push(hu[i]);
  return lung.length * SAMPLED > hu.length / 50 ? median(lung) : LUNG_HU;
}

/** @param {number[]} values */
function median(values) {
  return Float32Array.from(values).sort()[values.length >> 1];
}

/** @param {Box} box @param {number} from @param {number} mm */
const valuesNear = (box, from, mm) => placesNear(box, from, mm).map((i) => box.hu[i]);

/** Up the density from the click, out of a rim that is part lung. @param {Box} box */
function uphill(box) {
  let at = box.seed;
  for (let step = 0; step < UPHILL_STEPS; step++) {
    at = placesNear(box, at, UPHILL_MM).reduce((best, i) => (box.hu[i] > box.hu[best] ? i : best), at);
  }
  return at;
}
