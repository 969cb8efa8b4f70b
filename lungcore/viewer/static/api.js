// The server's routes for one series. All addresses are relative to the page's base.

/** @typedef {import('./queue.js').Reply} Reply */

const BAD_GATEWAY = 502;

/** @param {Response} response */
const isJson = ({ headers }) => headers.get('Content-Type')?.includes('application/json') ?? false;

export class Api {
  /** @param {string} seriesUid */
  constructor(seriesUid) {
    this.base = new URL(`api/series/${encodeURIComponent(seriesUid)}`, document.baseURI).href;
    this.aborter = new AbortController();
  }

  /** @param {number} number @param {string} volume which volume: a later import may replace it */
  chunkUrl(number, volume) {
    return `${this.base}/chunks/${number}?volume=${volume}`;
  }

  get originalsUrl() {
    return `${this.base}/originals.zip`;
  }

  series() {
    return this.request('GET', '');
  }

  /** The values of a layer, or null where they did not come. @param {string} id */
  async layer(id) {
    try {
      const { signal } = this.aborter;
      const response = await fetch(`${this.base}/layers/${id}`, { credentials: 'same-origin', signal });
      return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
    } catch {
      return null; // no whole answer
    }
  }

  /** @param {object} event */
  addEvent(event) {
    return this.request('POST', '/events', event);
  }

  /** @param {Uint8Array} data as mask.js encodes it */
  addMask(data) {
    return this.request('POST', '/masks', data);
  }

  /** @param {string} id @param {string} volume which volume it lies in */
  async mask(id, volume) {
    try {
      const response = await fetch(`${this.base}/masks/${id}?volume=${volume}`, {
        credentials: 'same-origin',
        signal: this.aborter.signal,
      });
      return { status: response.status, data: response.ok ? await response.arrayBuffer() : null };
    } catch {
      return { status: 0, data: null };
    }
  }

  detection() {
    return this.request('GET', '/detection');
  }

  startDetection() {
    return this.request('POST', '/detection');
  }

  cancelDetection() {
    return this.request('DELETE', '/detection');
  }

  /** @param {string} method @param {string} path @param {object | Uint8Array} [body] bytes go as they are @returns {Promise<Reply>} */
  async request(method, path, body) {
    const isBytes = body instanceof Uint8Array;
    try {
      const response = await fetch(this.base + path, {
        method,
        credentials: 'same-origin',
        signal: this.aborter.signal,
        headers: body ? { 'Content-Type': isBytes ? 'application/octet-stream' : 'application/json' } : {},
        body: isBytes ? /** @type {BodyInit} */ (body) : body && JSON.stringify(body),
      });
      if (isJson(response)) return { status: response.status, body: await response.json() };
      // A page instead of an answer comes from something between us and the server.
      return { status: response.ok ? BAD_GATEWAY : response.status, body: null };
    } catch {
      return { status: 0, body: null }; // no whole answer: the caller tries again or tells
    }
  }

  get stopped() {
    return this.aborter.signal.aborted;
  }

  /** End what is under way; for the end of the page. */
  stop() {
    this.aborter.abort();
  }
}
