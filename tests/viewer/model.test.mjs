import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  addedFinding,
  foretold,
  neighbour,
  newEvent,
  newUid,
  tally,
} from '../../lungcore/viewer/static/model.js';

const machine = (uid, change = {}) => ({
  ...addedFinding(uid, { center_mm: [1, 2, 3], diameter_mm: 9 }),
  state: 'machine',
  source: 'machine',
  probability: 0.9,
  ...change,
});

const answer = (...findings) => ({
  reading: { version: 0, signed: false },
  findings,
  can_undo: false,
  undo_target: null,
});

const states = ({ findings }) => findings.map((finding) => finding.state);

test('a new UID is a UUID of version 4 as PS3.5 B.2 writes it', () => {
  const uids = Array.from({ length: 50 }, newUid);
  assert.equal(new Set(uids).size, 50);
  for (const uid of uids) {
    assert.match(uid, /^2\.25\.[1-9]\d*$/);
    assert.ok(uid.length <= 64);
    const hex = BigInt(uid.slice(5)).toString(16).padStart(32, '0');
    assert.match(hex, /^.{12}4.{3}[89ab].{15}$/);
  }
});

test('accept, reject and edit change their finding alone', () => {
  const before = answer(machine('1'), machine('2'));
  const accepted = foretold(before, [newEvent('accept', { finding_uid: '1' })]);
  assert.deepEqual(states(accepted), ['accepted', 'machine']);
  assert.ok(accepted.can_undo);
  const rejected = foretold(accepted, [newEvent('reject', { finding_uid: '2', reason: 'scar' })]);
  assert.equal(rejected.findings[1].reason, 'scar');
  const payload = { finding_uid: '2', center_mm: [7, 8, 9], diameter_mm: 4 };
  const edited = foretold(rejected, [newEvent('edit', payload)]).findings[1];
  assert.deepEqual([edited.state, edited.center_mm, edited.diameter_mm], ['edited', [7, 8, 9], 4]);
  assert.equal(edited.reason, '');
  assert.equal(edited.probability, 0.9);
  assert.deepEqual(states(before), ['machine', 'machine']);
});

test('an edit that is accepted stays an edit; a mark of the reader stays added', () => {
  const both = answer(machine('1', { state: 'edited' }), addedFinding('2', { center_mm: [0, 0, 0], diameter_mm: 5 }));
  for (const uid of ['1', '2']) {
    const after = foretold(both, [newEvent('accept', { finding_uid: uid })]);
    assert.deepEqual(states(after), ['edited', 'added']);
  }
});

test('an addition goes to the end', () => {
  const payload = { finding_uid: '9', center_mm: [1, 1, 1], diameter_mm: 8 };
  const after = foretold(answer(machine('1')), [newEvent('add', payload)]);
  assert.deepEqual(after.findings.at(-1), addedFinding('9', payload));
});

test('sign and reopen turn the reading; an undo is left to the server', () => {
  const before = answer(machine('1'));
  const signed = foretold(before, [newEvent('sign')]);
  assert.equal(signed.reading.signed, true);
  assert.equal(foretold(signed, [newEvent('reopen', { reason: 'x' })]).reading.signed, false);
  assert.equal(foretold(before, [newEvent('undo')]), before);
});

test('next and previous go round the list', () => {
  const findings = [machine('1'), machine('2'), machine('3')];
  assert.equal(neighbour(findings, null, 1), '1');
  assert.equal(neighbour(findings, null, -1), '3');
  assert.equal(neighbour(findings, '3', 1), '1');
  assert.equal(neighbour(findings, '1', -1), '3');
  assert.equal(neighbour(findings, 'gone', 1), '1');
  assert.equal(neighbour([], null, 1), null);
});

test('an edit says the whole shape', () => {
  const shape = { center_mm: [1, 1, 1], diameter_mm: 8, axes_mm: [7, 9, 8], mask: 'drawn-1', measured: { long_mm: 9 } };
  const drawn = foretold(answer(machine('1')), [newEvent('edit', { finding_uid: '1', ...shape })]);
  assert.deepEqual([drawn.findings[0].axes_mm, drawn.findings[0].mask], [[7, 9, 8], 'drawn-1']);
  const plain = foretold(drawn, [newEvent('edit', { finding_uid: '1', center_mm: [0, 0, 0], diameter_mm: 5 })]);
  const { axes_mm, mask, measured, calipers_mm } = plain.findings[0];
  assert.deepEqual([axes_mm, mask, measured, calipers_mm], [null, null, null, null]);
});

test('what is on its way is undone and redone before the server answers', () => {
  const before = answer(machine('1'));
  const events = [newEvent('accept', { finding_uid: '1' }), newEvent('reject', { finding_uid: '1', reason: 'scar' })];
  const after = (...kinds) => foretold(before, [...events, ...kinds.map((kind) => newEvent(kind))]);
  assert.deepEqual(states(after('undo')), ['accepted']);
  assert.deepEqual([after('undo').can_undo, after('undo').can_redo], [true, true]);
  assert.deepEqual(after('undo', 'undo').findings, before.findings);
  assert.equal(after('undo', 'undo').can_undo, false);
  assert.deepEqual(after('undo', 'undo', 'undo').findings, before.findings, 'more only the server knows');
  assert.deepEqual(states(after('undo', 'undo', 'redo', 'redo')), ['rejected']);
  const ended = foretold(before, [...events, newEvent('undo'), newEvent('accept', { finding_uid: '1' }), newEvent('redo')]);
  assert.deepEqual([states(ended), ended.can_redo], [['accepted'], false]);
});

test('the tally counts every state', () => {
  const counts = tally([machine('1'), machine('2'), machine('3', { state: 'rejected' })]);
  assert.deepEqual(counts, { machine: 2, accepted: 0, edited: 0, rejected: 1, added: 0, other: 0 });
});
