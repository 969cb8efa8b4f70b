// Sends files to the server, a few at a time, each streamed by the browser from disk.

import { isPassing, waitMs } from '../retry.js';

/** @typedef {{file: File, name: string}} Item A file and its name with its folders. */
/** @typedef {(done: number, sentBytes: number) => void} Progress */

const AT_ONCE = 4;
const TRIES = 6;

/** What a request came to: status 0 when no answer came. */
export class RequestError extends Error {
  /** @param {number} status @param {string} message in the server's own words */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * A request of ours. Throws RequestError.
 * @param {string} path @param {RequestInit} [options] @returns {Promise<any>}
 */
export async function ask(path, options = {}) {
  const answer = await fetch(new URL(path, document.baseURI), options).catch(() => null);
  if (answer === null) throw new RequestError(0, '');
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const told = await answer.json().catch(() => ({}));
  throw new RequestError(answer.status, told.error ?? String(answer.status));
}

/**
 * Upload the items and begin their import; resolves to the job's id. Throws RequestError.
 * @param {Item[]} items @param {Progress} progress @param {AbortSignal} signal @returns {Promise<string>}
 */
export async function send(items, progress, signal) {
  const { upload_id: upload } = await ask('api/uploads', { method: 'POST', signal });
  const waiting = distinct(items);
  /** @type {Map<Item, number>} */
  const sent = new Map();
  let done = 0;
  const tell = () => progress(done, [...sent.values()].reduce((sum, bytes) => sum + bytes, 0));
  const sender = async () => {
    for (let item = waiting.shift(); item; item = waiting.shift()) {
      const own = item;
      await sendOne(upload, own, signal, (bytes) => {
        sent.set(own, bytes);
        tell();
      });
      done += 1;
      tell();
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
    return (await finish(`api/uploads/${upload}`, signal)).job_id;
  } catch (problem) {
    waiting.length = 0;
    ask(`api/uploads/${upload}`, { method: 'DELETE' }).catch(() => {}); // it is dropped in any case
    throw problem;
  }
}

/** Hand the upload over; asking again does no harm. @param {string} path @param {AbortSignal} signal */
async function finish(path, signal) {
  for (let failures = 1; ; failures += 1) {
    try {
      return await ask(path, { method: 'POST', signal });
    } catch (problem) {
      const isOver = signal.aborted || failures === TRIES;
      if (isOver || !(problem instanceof RequestError) || !isPassing(problem.status)) throw problem;
      await pause(waitMs(failures));
    }
  }
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * The items, each under a name of its own: two folders dropped together may hold the same names,
 * and the later file would take the place of the earlier.
 * @param {Item[]} items @returns {Item[]}
 */
export function distinct(items) {
  const seen = new Set();
  return items.map(({ file, name }) => {
    let own = name;
    for (let copy = 2; seen.has(own); copy += 1) own = `${copy}/${name}`;
    seen.add(own);
    return { file, name: own };
  });
}

/** @param {string} upload @param {Item} item @param {AbortSignal} signal @param {(bytes: number) => void} progress */
async function sendOne(upload, { file, name }, signal, progress) {
  const path = `api/uploads/${upload}/file?name=${encodeURIComponent(name)}`;
  for (let failures = 1; ; failures += 1) {
    const { status, words } = await put(path, file, signal, progress);
    if (status === 201) return;
    if (signal.aborted || !isPassing(status) || failures === TRIES) throw new RequestError(status, words);
    await pause(waitMs(failures));
    if (signal.aborted) throw new RequestError(0, '');
  }
}

/**
 * @param {string} path @param {File} file @param {AbortSignal} signal @param {(bytes: number) => void} progress
 * @returns {Promise<{status: number, words: string}>}
 */
function put(path, file, signal, progress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much has been sent
    request.open('PUT', new URL(path, document.baseURI));
    request.upload.addEventListener('progress', (event) => progress(event.loaded));
    request.addEventListener('loadend', () => {
      resolve({ status: request.status, words: wordsOf(request.responseText, request.status) });
    });
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}

/** @param {string} answer @param {number} status @returns {string} */
function wordsOf(answer, status) {
  try {
    return JSON.parse(answer).error ?? String(status);
  } catch {
    return status ? String(status) : '';
  }
}
