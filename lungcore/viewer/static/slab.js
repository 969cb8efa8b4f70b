// Thick slabs: neighbouring slices seen as one, by their brightest, mean or darkest voxel.

import { ABSENT_HU, sectionOf } from './sections.js';

/**
 * @typedef {import('./plane.js').Plane} Plane
 * @typedef {'none' | 'mip' | 'mean' | 'minip'} SlabKind
 * @typedef {{kind: SlabKind, mm: number}} Slab  mm: how thick
 */

/** @type {SlabKind[]} */
export const SLAB_KINDS = ['none', 'mip', 'mean', 'minip'];
export const SLAB_MM = { least: 2, most: 60, usual: 10 };

/** The slices of a slab around one of them, first and last. @param {Plane} plane @param {number} slice @param {Slab} slab */
export function slabRange(plane, slice, { kind, mm }) {
  if (kind === 'none') return [slice, slice];
  const more = Math.max(1, Math.round(mm / plane.planeMm)) - 1;
  const before = Math.floor(more / 2);
  return [Math.max(0, slice - before), Math.min(plane.count - 1, slice - before + more)];
}

/** Gathers slabs of one plane into room of its own. */
export class Slabs {
  /** @param {Plane} plane */
  constructor(plane) {
    this.plane = plane;
    const size = plane.width * plane.height;
    this.one = new Int16Array(size);
    this.all = new Int16Array(0);
    this.sums = new Int32Array(0);
  }

  /**
   * The voxels of a slab, as `sectionOf` gives those of a slice; where a voxel of it is not here
   * yet, the others stand. @param {import('./sections.js').Source} source @param {number} slice
   * @param {Slab} slab
   */
  of(source, slice, slab) {
    const { plane } = this;
    const [first, last] = slabRange(plane, slice, slab);
    if (first === last) return sectionOf(source, plane, first, this.one);
    if (!this.all.length) this.all = new Int16Array(this.one.length);
    if (slab.kind === 'mean') return this.mean(source, first, last);
    const isBrightest = slab.kind === 'mip';
    this.all.set(sectionOf(source, plane, first, this.one));
    for (let n = first + 1; n <= last; n++) {
      const next = sectionOf(source, plane, n, this.one);
      (isBrightest ? brighten : darken)(this.all, next);
    }
    return this.all;
  }

  /** @param {import('./sections.js').Source} source @param {number} first @param {number} last */
  mean(source, first, last) {
    const { all, one } = this;
    if (!this.sums.length) this.sums = new Int32Array(2 * one.length);
    const sums = this.sums.fill(0).subarray(0, one.length);
    const counts = this.sums.subarray(one.length);
    for (let n = first; n <= last; n++) {
      const next = sectionOf(source, this.plane, n, one);
      for (let i = 0; i < next.length; i++) {
        if (next[i] === ABSENT_HU) continue;
        sums[i] += next[i];
        counts[i]++;
      }
    }
    for (let i = 0; i < all.length; i++) {
      all[i] = counts[i] ? Math.round(sums[i] / counts[i]) : ABSENT_HU;
    }
    return all;
  }
}

/** @param {Int16Array} all @param {Int16Array} next */
function brighten(all, next) {
  for (let i = 0; i < all.length; i++) if (next[i] > all[i]) all[i] = next[i];
}

/** @param {Int16Array} all @param {Int16Array} next */
function darken(all, next) {
  for (let i = 0; i < all.length; i++) {
    const hu = next[i];
    if (hu !== ABSENT_HU && (hu < all[i] || all[i] === ABSENT_HU)) all[i] = hu;
  }
}
