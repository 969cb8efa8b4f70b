import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import { isPassing, waitMs } from '../../lungcore/viewer/static/retry.js';
import { Volume, nearest } from '../../lungcore/viewer/static/volume.js';

const GRID = { slices: 70, rows: 2, columns: 3 };
const PIXELS = { chunks: 5, chunk_slices: 16 };

/** A worker that answers when told to. */
class FakeWorker extends EventTarget {
  asked = [];
  ended = false;
  postMessage({ number }) {
    this.asked.push(number);
  }
  answer(number, status) {
    const voxels = status ? undefined : new Int16Array(16 * 6).fill(number);
    this.dispatchEvent(new MessageEvent('message', { data: { number, voxels, status } }));
  }
  terminate() {
    this.ended = true;
  }
}

function open() {
  const worker = new FakeWorker();
  const problems = [];
  const use = {
    worker,
    url: (number) => `chunks/${number}`,
    onChange: () => {},
    onProblem: (status) => problems.push(status),
  };
  return { volume: new Volume(GRID, PIXELS, use), worker, problems };
}

test('the chunk in focus comes first, then outward', () => {
  const waiting = new Set([0, 1, 2, 3, 4]);
  const order = [];
  while (waiting.size) {
    const next = nearest(waiting, 2.2);
    waiting.delete(next);
    order.push(next);
  }
  assert.deepEqual(order, [2, 3, 1, 4, 0]);
});

test('the first comes alone, then a few at once, from the slice looked at', () => {
  const { volume, worker } = open();
  volume.lookAt(69);
  assert.deepEqual(worker.asked, [4]);
  worker.answer(4);
  assert.deepEqual(worker.asked, [4, 3, 2, 1]);
  worker.answer(3);
  assert.deepEqual(worker.asked, [4, 3, 2, 1, 0]);
});

test('looking elsewhere changes what comes next', () => {
  const { volume, worker } = open();
  volume.lookAt(0);
  volume.lookAt(69);
  worker.answer(0);
  assert.deepEqual(worker.asked, [0, 4, 3, 2]);
});

test('slices come from their chunk; the padding of the last is not counted', () => {
  const { volume, worker } = open();
  volume.lookAt(0);
  assert.equal(volume.slice(17), null);
  for (const number of [0, 1, 2, 3, 4]) worker.answer(number);
  assert.equal(volume.loaded, 70);
  assert.deepEqual([...volume.slice(17)], [1, 1, 1, 1, 1, 1]);
  assert.equal(volume.hu([65, 1, 2]), 4);
  assert.equal(volume.hu([65, 2, 0]), null);
  assert.equal(volume.hu([70, 0, 0]), null);
});

test('a dropped connection is tried again, one request at a time, and told', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { volume, worker, problems } = open();
  volume.lookAt(0);
  worker.answer(0);
  for (const number of [1, 2, 3]) worker.answer(number, 503);
  assert.deepEqual(worker.asked, [0, 1, 2, 3]);
  mock.timers.tick(waitMs(1) - 1);
  assert.equal(worker.asked.length, 4);
  mock.timers.tick(1);
  assert.deepEqual(worker.asked, [0, 1, 2, 3, 1]);
  worker.answer(1);
  assert.deepEqual(worker.asked, [0, 1, 2, 3, 1, 2, 3, 4]);
  assert.equal(problems.at(-1), null);
  mock.timers.reset();
});

test('a refusal is told and not asked again', () => {
  const { volume, worker, problems } = open();
  volume.lookAt(0);
  worker.answer(0, 404);
  assert.deepEqual(problems, [404]);
  assert.ok(!volume.waiting.has(0));
});

test('the end of the page ends the worker', () => {
  const { volume, worker } = open();
  volume.stop();
  assert.ok(worker.ended);
});

test('waits grow to a limit; only passing failures are tried again', () => {
  assert.deepEqual([1, 2, 3, 9].map(waitMs), [500, 1000, 2000, 8000]);
  assert.deepEqual([0, 503, 429].map(isPassing), [true, true, true]);
  assert.deepEqual([401, 404, 422].map(isPassing), [false, false, false]);
});
