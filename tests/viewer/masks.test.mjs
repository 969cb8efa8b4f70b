import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeMask } from '../../lungcore/viewer/static/mask.js';
import { Masks } from '../../lungcore/viewer/static/masks.js';
import { newEvent } from '../../lungcore/viewer/static/model.js';

const MASK = { origin: [1, 2, 3], shape: [1, 2, 2], voxels: Uint8Array.from([1, 0, 1, 1]) };
const edit = (mask) => newEvent('edit', { finding_uid: '1', center_mm: [0, 0, 0], diameter_mm: 5, mask });

/** A shelf whose server gives the replies in turn, and what it was asked. */
function open(...replies) {
  const asked = [];
  const ask = async (what) => {
    asked.push(what);
    return replies.shift();
  };
  const shelf = new Masks({ get: ask, post: ask, onChange: () => asked.push('changed'), wait: async (ms) => void asked.push(ms) });
  return { shelf, asked };
}

test('a mask drawn here is there at once and is sent before its event, once', async () => {
  const { shelf, asked } = open({ status: 201, body: { mask: 'ab' } });
  const id = shelf.keep(MASK);
  assert.equal(shelf.of(id), MASK);
  const { event } = await shelf.settled(edit(id));
  assert.equal(event.payload.mask, 'ab');
  assert.equal(shelf.of('ab'), MASK);
  assert.equal((await shelf.settled(edit(id))).event.payload.mask, 'ab');
  assert.deepEqual(asked, [encodeMask(MASK)]);
});

test('an event without a mask, or with one that the server has, goes as it is', async () => {
  const { shelf, asked } = open();
  for (const event of [edit('ab'), newEvent('accept', { finding_uid: '1' }), newEvent('undo')]) {
    assert.deepEqual(await shelf.settled(event), { event });
  }
  assert.deepEqual(asked, []);
});

test('a mask that cannot be sent says why, and may be tried again', async () => {
  const { shelf } = open({ status: 0, body: null }, { status: 201, body: { mask: 'ab' } });
  const id = shelf.keep(MASK);
  assert.deepEqual((await shelf.settled(edit(id))).refused, { status: 0, body: null });
  assert.equal((await shelf.settled(edit(id))).event.payload.mask, 'ab');
});

test('a mask of the server is asked for once, again while nobody answers, and shown when here', async () => {
  const data = encodeMask(MASK).buffer;
  const { shelf, asked } = open({ status: 503, data: null }, { status: 200, data });
  assert.equal(shelf.of('ab'), null);
  assert.equal(shelf.of('ab'), null);
  await new Promise(setImmediate);
  assert.deepEqual(shelf.of('ab'), MASK);
  assert.deepEqual(asked, ['ab', 500, 'ab', 'changed']);
  assert.equal(shelf.of(null), null);
});

test('a mask that the server does not have is not asked for again', async () => {
  const { shelf, asked } = open({ status: 422, data: null });
  shelf.of('ab');
  await new Promise(setImmediate);
  assert.equal(shelf.of('ab'), null);
  assert.deepEqual(asked, ['ab']);
});
