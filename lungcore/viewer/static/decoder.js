// Worker: fetches a chunk and decodes it, so that neither ever holds up a frame.

import { decode } from './decode.js';

/** @typedef {{number: number, url: string}} ChunkRequest */
/** @typedef {{number: number, voxels?: Int16Array, status?: number}} ChunkAnswer
 *   voxels when it worked; else the HTTP status, 0 when no whole answer came */

/** @param {ChunkRequest} request @returns {Promise<ChunkAnswer>} */
async function load({ number, url }) {
  try {
    const response = await fetch(url, { credentials: 'same-origin' });
    if (!response.ok) return { number, status: response.status };
    return { number, voxels: decode(new Uint8Array(await response.arrayBuffer())) };
  } catch {
    return { number, status: 0 }; // no network, or a body cut short: the loader tries again
  }
}

self.addEventListener('message', async (event) => {
  const answer = await load(event.data);
  self.postMessage(answer, { transfer: answer.voxels ? [answer.voxels.buffer] : [] });
});
