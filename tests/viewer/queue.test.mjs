import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addedFinding, newEvent } from '../../lungcore/viewer/static/model.js';
import { EventQueue } from '../../lungcore/viewer/static/queue.js';

const finding = { ...addedFinding('1', { center_mm: [0, 0, 0], diameter_mm: 9 }), state: 'machine', source: 'machine' };
const reading = (version, change = {}) => ({
  reading: { reading_id: 7, version, signed: false },
  findings: [finding],
  scan: { no_nodules: false, quality: '', excluded: '' },
  can_undo: version > 0,
  undo_target: null,
  redo_target: null,
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

test('a reading changed elsewhere is shown as it is; ours waits for a choice', async () => {
  const rejected = { ...finding, state: 'rejected' };
  const { queue, sent } = open(
    { status: 409, body: reading(5, { error: 'changed', findings: [rejected] }) },
    { status: 200, body: reading(6, { findings: [{ ...finding, state: 'accepted' }] }) },
  );
  const ours = [accept(), newEvent('label', { finding_uid: '1', comment: 'round' })];
  await Promise.all(ours.map((event) => queue.push(event)));
  assert.deepEqual([sent.length, queue.saving, queue.unsaved], [1, 'error', 2]);
  assert.deepEqual(queue.present.findings, [rejected]);
  assert.deepEqual(queue.outcome({}).clashes, [{ subject: '1', events: ours }]);
  const { send } = queue.outcome({ 1: 'mine' });
  await queue.resolve(send.slice(0, 1));
  assert.deepEqual([sent[1].version, sent[1].event_uid, queue.saving], [5, ours[0].event_uid, 'saved']);
});

test('in a conflict what is made waits with the rest; a reopening goes out', async () => {
  const signed = { reading_id: 7, version: 5, signed: true };
  const { queue, sent } = open(
    { status: 409, body: reading(5, { reading: signed }) },
    { status: 200, body: reading(6) },
  );
  await queue.push(accept());
  await queue.push(newEvent('label', { finding_uid: '1' }));
  assert.deepEqual(queue.outcome({}).refused.length, 2);
  await queue.push(newEvent('reopen', { reason: 'more to say' }));
  assert.deepEqual([sent.length, sent[1].kind, queue.unsaved], [2, 'reopen', 2]);
  assert.equal(queue.outcome({}).send.length, 2);
});

test('what the machine found stops nothing; nobody signs it unseen', async () => {
  const found = [finding, { ...finding, finding_uid: '2' }];
  const more = { status: 409, body: reading(2, { findings: found }) };
  const { queue, sent } = open(more, { status: 200, body: reading(3, { findings: found }) });
  await queue.push(accept());
  assert.deepEqual([sent.map(({ version }) => version), queue.saving], [[0, 2], 'saved']);
  const other = open(more).queue;
  await other.push(newEvent('sign'));
  assert.equal(other.outcome({}).refused[0].kind, 'sign');
});

test('after a lost answer the others are not put unseen on what came since', async () => {
  const rejected = { ...finding, state: 'rejected' };
  const mark = newEvent('add', { finding_uid: '9', center_mm: [0, 0, 0], diameter_mm: 5 });
  const theirs = { findings: [rejected, addedFinding('9', mark.payload)] };
  const { queue, sent } = open({ status: 0, body: null }, { status: 200, body: reading(2, theirs) });
  await Promise.all([queue.push(mark), queue.push(accept())]);
  assert.deepEqual([sent.length, queue.conflict.events.length], [2, 1]);
  assert.deepEqual(queue.outcome({}).clashes.map(({ subject }) => subject), ['1']);
});

test('nothing is put on the reading of somebody else', async () => {
  const other = reading(5, { reading: { reading_id: 8, version: 5, signed: false }, error: 'changed' });
  const { queue } = open({ status: 409, body: other });
  await Promise.all([queue.push(accept()), queue.push(accept())]);
  assert.deepEqual([queue.problem.kind, queue.problem.n, queue.conflict], ['elsewhere', 2, null]);
});

test('what waits for a choice never goes into the reading of somebody else', async () => {
  const changed = { status: 409, body: reading(5, { findings: [{ ...finding, state: 'rejected' }] }) };
  const other = reading(1, { reading: { reading_id: 8, version: 1, signed: false }, error: 'changed' });
  const { queue, sent } = open(changed, { status: 409, body: other });
  await queue.push(accept());
  queue.replace(other);
  assert.deepEqual([queue.answer.reading.reading_id, queue.unsaved], [7, 1], 'it is not taken beside it');
  await queue.push(newEvent('reopen', { reason: 'more to say' }));
  assert.deepEqual([queue.problem.kind, queue.problem.n, queue.conflict], ['elsewhere', 2, null]);
  assert.deepEqual([queue.answer.reading.reading_id, sent.length], [8, 2]);
});

test('an answer on the scan is a decision that an undo behind it takes back', async () => {
  const scan = newEvent('scan', { no_nodules: true, quality: '', excluded: '' });
  const found = [finding, { ...finding, finding_uid: '2' }];
  const said = { findings: found, scan: scan.payload, undo_target: scan.event_uid };
  const { queue, sent } = open({ status: 200, body: reading(2, said) }, { status: 200, body: reading(3) });
  await Promise.all([queue.push(scan), queue.push(newEvent('undo'))]);
  assert.equal(queue.conflict, null, 'a detection alone came between');
  assert.deepEqual(sent[1].payload, { event_uid: scan.event_uid });
});

test('what a detection brought while an event was on its way is taken after it', async () => {
  const found = reading(2, { findings: [finding, { ...finding, finding_uid: '2' }] });
  const { queue } = open({ status: 200, body: reading(1) });
  const done = queue.push(accept());
  queue.replace(found);
  assert.equal(queue.present.findings.length, 1);
  await done;
  assert.equal(queue.present.findings.length, 2);
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
