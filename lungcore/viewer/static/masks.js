// The outlines that findings name: those drawn here, and those fetched because something shows them.

import { decodeMask, encodeMask } from './mask.js';
import { isPassing, waitMs } from './retry.js';

/**
 * @typedef {import('./mask.js').Mask} Mask
 * @typedef {import('./queue.js').Reply} Reply
 * @typedef {import('./model.js').ReadingEvent} ReadingEvent
 * @typedef {{get: (id: string) => Promise<{status: number, data: ArrayBuffer | null}>,
 *   post: (data: Uint8Array) => Promise<Reply>, onChange: () => void,
 *   wait: (ms: number) => Promise<void>}} Use
 */

const DRAWN = 'drawn-'; // an id of ours, until the server has given one

export class Masks {
  /** @param {Use} use */
  constructor(use) {
    this.use = use;
    /** By id; null while it is on its way or cannot be had. @type {Map<string, Mask | null>} */
    this.known = new Map();
    /** The server's ids of those drawn here. @type {Map<string, string>} */
    this.given = new Map();
    this.drawn = 0;
    /** How many came from the server: a change redraws. */
    this.arrived = 0;
  }

  /** Keep a mask that was drawn here; returns an id for it. @param {Mask} mask */
  keep(mask) {
    this.drawn += 1;
    const id = `${DRAWN}${this.drawn}`;
    this.known.set(id, mask);
    return id;
  }

  /** The mask of an id, or null until it is here; asks for it. @param {string | null} id */
  of(id) {
    if (id === null) return null;
    if (!this.known.has(id)) void this.fetch(id);
    return this.known.get(id) ?? null;
  }

  /** @param {string} id */
  async fetch(id) {
    this.known.set(id, null);
    for (let failures = 1; ; failures++) {
      const { status, data } = await this.use.get(id);
      if (data) {
        this.known.set(id, decodeMask(data));
        this.arrived += 1;
        this.use.onChange();
      }
      if (data || !isPassing(status)) return;
      await this.use.wait(waitMs(failures));
    }
  }

  /**
   * The event with the server's id of its mask, which is sent first; or the reply that says why it
   * could not be. @template {ReadingEvent} E @param {E} event @returns {Promise<{event: E, refused?: Reply}>}
   */
  async settled(event) {
    const { mask } = event.payload;
    if (!mask?.startsWith(DRAWN)) return { event };
    const given = this.given.get(mask);
    if (given) return { event: { ...event, payload: { ...event.payload, mask: given } } };
    const drawn = /** @type {Mask} */ (this.known.get(mask));
    const reply = await this.use.post(encodeMask(drawn));
    if (reply.status !== 201) return { event, refused: reply };
    this.given.set(mask, reply.body.mask);
    this.known.set(reply.body.mask, drawn);
    return this.settled(event);
  }
}
