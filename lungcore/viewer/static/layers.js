// What the machine saw, over the slices: lungs, outlines of nodules, what a malignancy rests on.

import { heatPalette, maskPalette, tint } from './tint.js';

/**
 * @typedef {import('./plane.js').Plane} Plane
 * @typedef {import('./tint.js').LayerVoxels} LayerVoxels
 * @typedef {'lungs' | 'nodule' | 'attribution'} LayerKind
 * @typedef {{id: string, kind: LayerKind, finding_uid: string | null, top: number,
 *   origin: import('./geometry.js').Index, step: import('./geometry.js').Index,
 *   shape: import('./geometry.js').Index}} LayerHeader
 * @typedef {{shown: Record<LayerKind, boolean>, opacity: number, threshold: number}} LayerLook
 *   opacity and threshold 0 to 1; below the threshold a heat map shows nothing
 */

/** In the order in which they lie over each other. @type {LayerKind[]} */
export const LAYER_KINDS = ['lungs', 'nodule', 'attribution'];
const COLOURS = { lungs: [64, 156, 255], nodule: [64, 255, 156] };
const LUNGS_STRENGTH = 0.4; // so much covers half of the image

/** @type {LayerLook} */
export const LAYERS_OFF = {
  shown: { lungs: false, nodule: false, attribution: false },
  opacity: 0.5,
  threshold: 0.2,
};

export class Layers {
  /** @param {LayerHeader[]} headers @param {import('./api.js').Api} api @param {() => void} onChange when a layer came */
  constructor(headers, api, onChange) {
    this.headers = headers;
    this.api = api;
    this.onChange = onChange;
    /** @type {Map<string, LayerVoxels | null>} null while it is on its way */
    this.voxels = new Map();
    /** Grows with each layer that comes. */
    this.version = 0;
    /** @type {LayerLook | null} */
    this.look = null;
    /** @type {Partial<Record<LayerKind, import('./tint.js').Palette>>} */
    this.palettes = {};
  }

  /** What the last colour of the heat map stands for at the most; null where there is none. */
  get top() {
    const tops = this.headers.filter(({ kind }) => kind === 'attribution').map(({ top }) => top);
    return tops.length ? Math.max(...tops) : null;
  }

  /** Whether there is any of a kind. @param {LayerKind} kind */
  has(kind) {
    return this.headers.some((header) => header.kind === kind);
  }

  /**
   * Lay what is to be shown over the pixels of a slice; what is not here yet is fetched.
   * @param {Uint32Array} pixels @param {Plane} plane @param {number} slice @param {LayerLook} look
   */
  draw(pixels, plane, slice, look) {
    if (look !== this.look) this.takeLook(look);
    for (const kind of LAYER_KINDS) {
      const palette = this.palettes[kind];
      if (!palette || !look.shown[kind]) continue;
      for (const header of this.headers) {
        if (header.kind !== kind) continue;
        const voxels = this.voxelsOf(header);
        if (voxels) tint(pixels, plane, slice, voxels, palette);
      }
    }
  }

  /** @param {LayerLook} look */
  takeLook(look) {
    this.look = look;
    this.palettes = {
      lungs: maskPalette(COLOURS.lungs, look.opacity * LUNGS_STRENGTH),
      nodule: maskPalette(COLOURS.nodule, look.opacity),
      attribution: heatPalette(look.threshold, look.opacity),
    };
  }

  /** @param {LayerHeader} header */
  voxelsOf(header) {
    const found = this.voxels.get(header.id);
    if (found === undefined) void this.fetch(header);
    return found;
  }

  /** @param {LayerHeader} header */
  async fetch({ id, origin, step, shape }) {
    this.voxels.set(id, null);
    const values = await this.api.layer(id);
    if (!values) return; // the next opening tries again
    this.voxels.set(id, { origin, step, shape, values });
    this.version += 1;
    this.onChange();
  }
}
