import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  addedFinding,
  foretell,
  neighbour,
  newEvent,
  newUid,
  tally,
  withinSizes,
} from '../../lungcore/viewer/static/model.js';

const machine = (uid, change = {}) => ({
  ...addedFinding(uid, [1, 2, 3], 9),
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
  const accepted = foretell(before, newEvent('accept', { finding_uid: '1' }));
  assert.deepEqual(states(accepted), ['accepted', 'machine']);
  assert.ok(accepted.can_undo);
  const rejected = foretell(accepted, newEvent('reject', { finding_uid: '2', reason: 'scar' }));
  assert.equal(rejected.findings[1].reason, 'scar');
  const payload = { finding_uid: '2', center_mm: [7, 8, 9], diameter_mm: 4 };
  const edited = foretell(rejected, newEvent('edit', payload)).findings[1];
  assert.deepEqual([edited.state, edited.center_mm, edited.diameter_mm], ['edited', [7, 8, 9], 4]);
  assert.equal(edited.reason, '');
  assert.equal(edited.probability, 0.9);
  assert.deepEqual(states(before), ['machine', 'machine']);
});

test('an edit that is accepted stays an edit; a mark of the reader stays added', () => {
  const both = answer(machine('1', { state: 'edited' }), addedFinding('2', [0, 0, 0], 5));
  for (const uid of ['1', '2']) {
    const after = foretell(both, newEvent('accept', { finding_uid: uid }));
    assert.deepEqual(states(after), ['edited', 'added']);
  }
});

test('an addition goes to the end', () => {
  const payload = { finding_uid: '9', center_mm: [1, 1, 1], diameter_mm: 8 };
  const after = foretell(answer(machine('1')), newEvent('add', payload));
  assert.deepEqual(after.findings.at(-1), addedFinding('9', [1, 1, 1], 8));
});

test('sign and reopen turn the reading; an undo is left to the server', () => {
  const before = answer(machine('1'));
  const signed = foretell(before, newEvent('sign'));
  assert.equal(signed.reading.signed, true);
  assert.equal(foretell(signed, newEvent('reopen', { reason: 'x' })).reading.signed, false);
  assert.equal(foretell(before, newEvent('undo')), before);
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

test('sizes are rounded to a tenth and kept within bounds', () => {
  assert.deepEqual([7.26, 0, 900].map(withinSizes), [7.3, 1, 200]);
});

test('the tally counts every state', () => {
  const counts = tally([machine('1'), machine('2'), machine('3', { state: 'rejected' })]);
  assert.deepEqual(counts, { machine: 2, accepted: 0, edited: 0, rejected: 1, added: 0 });
});
