// Sends files to the server, a few at a time, each streamed by the browser from disk.
// @ts-check

const AT_ONCE = 4;
const TRIES = 4;
const RETRY_MS = 800;

/** A request of ours; throws an Error with the server's own words when it is refused. */
export async function ask(path, options = {}) {
  const answer = await fetch(new URL(path, document.baseURI), options);
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const told = await answer.json().catch(() => ({}));
  throw new Error(told.error ?? `${answer.status}`);
}

/**
 * Upload `files` (`{file, name}`) and begin their import; resolves to the job's id.
 * `progress(done, sentBytes)` is called as it goes; `signal` stops it.
 */
export async function send(files, progress, signal) {
  const { upload_id: upload } = await ask('api/uploads', { method: 'POST', signal });
  const waiting = [...files];
  const sent = new Map();
  let done = 0;
  const told = () => progress(done, [...sent.values()].reduce((sum, bytes) => sum + bytes, 0));
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const item = next;
      await sendOne(upload, item, signal, (bytes) => { sent.set(item, bytes); told(); });
      done += 1;
      told();
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } catch (problem) {
    ask(`api/uploads/${upload}`, { method: 'DELETE' }).catch(() => {});
    throw problem;
  }
  return (await ask(`api/uploads/${upload}`, { method: 'POST', signal })).job_id;
}

async function sendOne(upload, { file, name }, signal, progress) {
  const path = `api/uploads/${upload}/file?name=${encodeURIComponent(name)}`;
  for (let left = TRIES - 1; ; left -= 1) {
    const refused = await put(path, file, signal, progress);
    if (refused === null) return;
    if (refused !== '' || left === 0 || signal.aborted) throw new Error(refused);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS * (TRIES - left)));
  }
}

/** Null when it arrived, the server's words when it refused, '' when the connection was lost. */
function put(path, file, signal, progress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much has been sent
    request.open('PUT', new URL(path, document.baseURI));
    request.upload.addEventListener('progress', (event) => progress(event.loaded));
    request.addEventListener('load', () => {
      if (request.status < 300) resolve(null);
      else resolve(wordsOf(request) || String(request.status));
    });
    for (const kind of ['error', 'abort', 'timeout']) request.addEventListener(kind, () => resolve(''));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}

function wordsOf(request) {
  try {
    return JSON.parse(request.responseText).error;
  } catch {
    return '';
  }
}
