import assert from 'node:assert/strict';
import { test } from 'node:test';

import { changes, effective, merged } from '../../lungcore/viewer/static/merging.js';
import { addedFinding, foretold, newEvent } from '../../lungcore/viewer/static/model.js';
import { NO_ANSWER } from '../../lungcore/viewer/static/said.js';

const shape = { center_mm: [1, 2, 3], diameter_mm: 9 };
const machine = (uid) => ({ ...addedFinding(uid, shape), state: 'machine', source: 'machine', probability: 0.9 });
const base = {
  reading: { reading_id: 1, version: 3, signed: false },
  findings: [machine('1'), machine('2')],
  scan: NO_ANSWER,
  undo_target: 'before',
  redo_target: null,
};
const accept = (finding_uid) => newEvent('accept', { finding_uid });
const reject = (finding_uid, reason = '') => newEvent('reject', { finding_uid, reason });
const label = (finding_uid, comment) => newEvent('label', { finding_uid, comment });
const add = (finding_uid) => newEvent('add', { finding_uid, ...shape });
const none = () => newEvent('scan', { no_nodules: true });
const there = (...events) => foretold(base, events);
const kindsOf = (events) => events.map(({ kind }) => kind);

test('what concerns other findings goes on in its order', () => {
  const mine = [accept('2'), add('9'), label('2', 'round')];
  const found = merged(base, there(reject('1')), mine);
  assert.deepEqual(found.send, mine);
  assert.deepEqual([found.clashes, found.refused, found.theirs, found.same], [[], [], [], []]);
});

test('a finding that both changed is a clash, with all that was done about it', () => {
  const mine = [label('1', 'round'), accept('2'), accept('1')];
  const found = merged(base, there(reject('1')), mine);
  assert.deepEqual(found.send, [mine[1]]);
  assert.deepEqual(found.clashes, [{ subject: '1', events: [mine[0], mine[2]] }]);
});

test('mine goes on top, theirs leaves mine out', () => {
  const mine = [accept('1'), label('1', 'round')];
  const on = (choice) => merged(base, there(reject('1')), mine, { 1: choice });
  assert.deepEqual(on('mine').send, mine);
  assert.deepEqual([on('theirs').send, on('theirs').theirs], [[], mine]);
});

test('what both came to alike needs no choice', () => {
  const found = merged(base, there(accept('1')), [accept('1')]);
  assert.deepEqual([kindsOf(found.same), found.clashes, found.send], [['accept'], [], []]);
});

test('a finding that is gone there takes nothing more', () => {
  const with9 = foretold(base, [add('9')]);
  const found = merged(with9, base, [label('9', 'round')], { 9: 'mine' });
  assert.deepEqual(kindsOf(found.refused), ['label']);
});

test('no nodules is not said beside marks that were made there', () => {
  assert.deepEqual(kindsOf(merged(base, there(accept('1')), [none()]).refused), ['scan']);
  const mine = [reject('1'), none()];
  const found = merged(base, there(accept('1')), mine, { 1: 'mine' });
  assert.deepEqual(found.send, mine);
});

test('a mark does not take back unseen what was said there of the scan', () => {
  const found = merged(base, there(none()), [add('9'), reject('2')]);
  assert.deepEqual([found.clashes.map(({ subject }) => subject), kindsOf(found.send)], [['9'], ['reject']]);
  assert.deepEqual(kindsOf(merged(base, there(none()), [add('9')], { 9: 'mine' }).send), ['add']);
});

test('nobody signs what was not on the screen', () => {
  assert.deepEqual(kindsOf(merged(base, there(reject('1')), [newEvent('sign')]).refused), ['sign']);
  assert.deepEqual(kindsOf(merged(base, there(newEvent('sign')), [accept('1'), newEvent('undo')]).refused), []);
  assert.deepEqual(kindsOf(merged(base, there(newEvent('sign')), [accept('1')]).refused), ['accept']);
});

test('an undo takes back what it was meant for and nothing else', () => {
  const undo = newEvent('undo');
  assert.deepEqual(merged(base, { ...base, undo_target: 'theirs' }, [undo]).refused, [undo]);
  const found = [...base.findings, machine('3')];
  assert.deepEqual(merged(base, { ...base, findings: found }, [undo]).send, [undo]);
});

test('an event and its undo cancel out, a redo brings it back', () => {
  const [first, second, undo, redo] = [accept('1'), accept('2'), () => newEvent('undo'), () => newEvent('redo')];
  assert.deepEqual(effective([first, second, undo()]), [first]);
  assert.deepEqual(effective([first, second, undo(), undo(), redo()]), [first]);
  assert.deepEqual(effective([first, undo(), second]), [second]);
  const before = undo();
  assert.deepEqual(effective([first, undo(), before]), [before]);
  assert.deepEqual(effective([before, redo()]), []);
  const lone = redo();
  assert.deepEqual(effective([lone]), [lone]);
  assert.deepEqual(effective([lone, undo()]), []);
});

test('what was changed there is told by kinds', () => {
  const wide = newEvent('edit', { finding_uid: '2', ...shape, diameter_mm: 12 });
  const after = there(reject('1', 'scar'), label('1', 'x'), wide, add('9'), newEvent('scan', { quality: 'poor' }), newEvent('sign'));
  const told = changes(base, { ...after, findings: [...after.findings, machine('3')] });
  assert.deepEqual(kindsOf(told), ['decided', 'labelled', 'decided', 'drawn', 'added', 'found', 'scan', 'signed']);
  assert.deepEqual(kindsOf(changes(after, base)).slice(-3), ['gone', 'scan', 'reopened']);
  assert.deepEqual(changes(base, structuredClone(base)), []);
});
