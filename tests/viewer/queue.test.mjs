import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addedFinding, newEvent } from '../../lungcore/viewer/static/model.js';
import { EventQueue } from '../../lungcore/viewer/static/queue.js';

const finding = { ...addedFinding('1', { center_mm: [0, 0, 0], diameter_mm: 9 }), state: 'machine', source: 'machine' };
const reading = (version, change = {}) => ({
  reading: { reading_id: 7, version, signed: false },
  findings: [finding],
  can_undo: version > 0,
  undo_target: null,
  ...change,
});
const accept = () => newEvent('accept', { finding_uid: '1' });

/** A queue whose server gives the replies in turn, and what it was sent. */
function open(...replies) {
  const sent = [];
  const waits = [];
  const queue = new EventQueue(reading(0), {
    send: async (body) => {
      sent.push(body);
      return replies.shift();
    },
    wait: async (ms) => void waits.push(ms),
    onChange: () => {},
  });
  return { queue, sent, waits };
}

test('an event shows at once and is saved when answered', async () => {
  const { queue, sent } = open({ status: 200, body: reading(1) });
  const done = queue.push(accept());
  assert.equal(queue.saving, 'saving');
  assert.equal(queue.present.findings[0].state, 'accepted');
  await done;
  assert.equal(queue.saving, 'saved');
  assert.equal(sent[0].version, 0);
  assert.equal(sent[0].reading_id, 7);
});

test('a reading that was asked for before the last event was answered is not taken', async () => {
  const { queue } = open({ status: 200, body: reading(1) });
  await queue.push(accept());
  queue.replace(reading(0));
  assert.equal(queue.present.reading.version, 1);
  queue.replace(reading(2));
  assert.equal(queue.present.reading.version, 2);
});

test('events go out one after the other, each with the version before it', async () => {
  const { queue, sent } = open(
    { status: 200, body: reading(1) },
    { status: 200, body: reading(2) },
    { status: 200, body: reading(3) },
  );
  const events = [accept(), accept(), accept()];
  await Promise.all(events.map((event) => queue.push(event)));
  assert.deepEqual(sent.map((body) => body.version), [0, 1, 2]);
  assert.deepEqual(sent.map((body) => body.event_uid), events.map((event) => event.event_uid));
});

test('without an answer the same event goes out again, later and later', async () => {
  const { queue, sent, waits } = open(
    { status: 0, body: null },
    { status: 503, body: null },
    { status: 200, body: reading(1) },
  );
  await queue.push(accept());
  assert.deepEqual(waits, [500, 1000]);
  assert.equal(new Set(sent.map((body) => body.event_uid)).size, 1);
  assert.equal(queue.saving, 'saved');
});

test('while there is no answer the reader is told and keeps seeing the change', async () => {
  const { queue } = open({ status: 0, body: null });
  queue.use.wait = () => new Promise(() => {});
  queue.push(accept());
  await new Promise(setImmediate);
  assert.equal(queue.saving, 'error');
  assert.equal(queue.problem.kind, 'offline');
  assert.equal(queue.present.findings[0].state, 'accepted');
});

test('a reading changed elsewhere is shown as it is; nothing of ours is left waiting', async () => {
  const body = reading(5, { error: 'changed', findings: [] });
  const { queue, sent } = open({ status: 409, body });
  await Promise.all([queue.push(accept()), queue.push(accept())]);
  assert.equal(sent.length, 1);
  assert.deepEqual([queue.saving, queue.problem.kind], ['error', 'changed']);
  assert.equal(queue.present.reading.version, 5);
  assert.deepEqual(queue.pending, []);
});

test('a refused event is taken back with what rests on it', async () => {
  const { queue, sent } = open({ status: 422, body: { error: 'the finding is unknown' } });
  await Promise.all([queue.push(accept()), queue.push(accept())]);
  assert.equal(sent.length, 1);
  assert.equal(queue.problem.text, 'the finding is unknown');
  assert.equal(queue.present.findings[0].state, 'machine');
});

test('signed out, the change is kept until the reader tries again', async () => {
  const { queue, sent } = open({ status: 401, body: null }, { status: 200, body: reading(1) });
  await queue.push(accept());
  assert.equal(queue.problem.kind, 'signed_out');
  assert.equal(queue.pending.length, 1);
  await queue.run();
  assert.deepEqual([queue.saving, sent.length], ['saved', 2]);
});

test('an undo names what the reading then says it takes back', async () => {
  const { queue, sent } = open(
    { status: 200, body: reading(1, { undo_target: 'the accept' }) },
    { status: 200, body: reading(2) },
  );
  await Promise.all([queue.push(accept()), queue.push(newEvent('undo'))]);
  assert.deepEqual(sent[1].payload, { event_uid: 'the accept' });
});

test('a redo names what the reading then says it brings back', async () => {
  const { queue, sent } = open(
    { status: 200, body: reading(1, { redo_target: 'the accept' }) },
    { status: 200, body: reading(2) },
  );
  await Promise.all([queue.push(newEvent('undo')), queue.push(newEvent('redo'))]);
  assert.deepEqual(sent[1].payload, { event_uid: 'the accept' });
});

test('after the end nothing is sent', async () => {
  const { queue, sent } = open({ status: 0, body: null });
  queue.use.wait = async () => queue.stop();
  await queue.push(accept());
  assert.equal(sent.length, 1);
});
