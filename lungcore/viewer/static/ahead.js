// The study after this one in the list that the reader came from: fetched ahead, one key away.

import { Api } from './api.js';

/** @typedef {import('./review.js').Review} Review */

const PLACE = 'lungcore.worklist.order';

/** Remember, for this tab, the studies of the worklist in their order. @param {string[]} uids */
export function rememberOrder(uids) {
  sessionStorage.setItem(PLACE, JSON.stringify(uids));
}

/** The study after one, or null at the end and where no list was seen. @param {string} uid @returns {string | null} */
export function studyAfter(uid) {
  const uids = JSON.parse(sessionStorage.getItem(PLACE) ?? '[]');
  const at = uids.indexOf(uid);
  return at < 0 ? null : (uids[at + 1] ?? null);
}

/** Where a study is read. @param {string} uid */
export const reviewUrl = (uid) => `review?series=${encodeURIComponent(uid)}`;

export class Ahead {
  /** @param {Review} review @param {AbortSignal} signal */
  constructor(review, signal) {
    this.review = review;
    this.signal = signal;
    this.hasBegun = false;
  }

  /** The present study comes first. */
  draw() {
    const { volume, nextStudy } = this.review;
    if (this.hasBegun || !nextStudy || !volume.isWhole) return;
    this.hasBegun = true;
    this.fetch(new Api(nextStudy)).catch(() => {}); // opening it fetches what is missing
  }

  /** Its first chunks, into the browser's cache. @param {Api} api */
  async fetch(api) {
    const { status, body } = await api.request('GET', '/ahead');
    if (status !== 200) return;
    for (const number of body.chunks) {
      /** @type {RequestInit} */
      const use = { credentials: 'same-origin', priority: 'low', signal: this.signal };
      const answer = await fetch(api.chunkUrl(number, body.volume), use);
      await answer.arrayBuffer();
    }
    this.review.isNextHere = true;
    this.review.invalidate();
  }
}
