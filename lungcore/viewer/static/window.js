// Window and level: from HU to grey.

/** @typedef {{center: number, width: number}} Window  HU */
/** @typedef {'lung' | 'mediastinum' | 'bone' | 'soft_tissue'} Preset */

/** The usual chest windows, in the order of the digit keys. @type {Record<Preset, Window>} */
export const PRESETS = {
  lung: { center: -600, width: 1500 },
  mediastinum: { center: 40, width: 400 },
  bone: { center: 400, width: 1800 },
  soft_tissue: { center: 50, width: 350 },
};

/** Until the reader sets one by hand, the fifth window shows everything from air to metal. */
export const WIDE = { center: 0, width: 2000 };

/** What a window may be. */
export const LIMITS = { center: { min: -1500, max: 4000 }, width: { min: 1, max: 8000 } };

const HU_VALUES = 65536;
const HU_MIN = -32768;
const OPAQUE = 0xff000000;

/**
 * Opaque grey (RGBA, little-endian) for every int16, at index HU + 32768, by the LINEAR function
 * of PS3.3 C.11.2.1.2.1. @param {Window} window @param {Uint32Array} table 65536 entries to fill
 */
export function fillTable({ center, width }, table) {
  const span = Math.max(width - 1, 1e-9);
  for (let i = 0; i < HU_VALUES; i++) {
    const grey = ((i + HU_MIN - (center - 0.5)) / span + 0.5) * 255;
    const level = Math.round(Math.min(Math.max(grey, 0), 255));
    table[i] = OPAQUE | (level << 16) | (level << 8) | level;
  }
}

/** The table of the present window, filled once for all panes. */
export class Greys {
  constructor() {
    this.table = new Uint32Array(HU_VALUES);
    /** @type {Window | null} */
    this.window = null;
  }

  /** @param {Window} window */
  of(window) {
    if (window !== this.window) fillTable(window, this.table);
    this.window = window;
    return this.table;
  }
}

/** The window after a drag: right widens, down raises the centre. @param {Window} from @param {number} dx @param {number} dy CSS pixels */
export function dragged({ center, width }, dx, dy) {
  const gain = Math.max(width, 100) / 400;
  return {
    center: held(center + dy * gain, LIMITS.center),
    width: held(width + dx * gain, LIMITS.width),
  };
}

/** A whole number within limits. @param {number} value @param {{min: number, max: number}} limits */
const held = (value, { min, max }) => Math.round(Math.min(Math.max(value, min), max));

/** The preset that `window` is, or null. @param {Window} window @returns {Preset | null} */
export function presetOf(window) {
  for (const [name, { center, width }] of Object.entries(PRESETS)) {
    if (center === window.center && width === window.width) return /** @type {Preset} */ (name);
  }
  return null;
}
