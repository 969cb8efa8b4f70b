import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addedFinding, foretold, newEvent } from '../../lungcore/viewer/static/model.js';
import { NO_ANSWER, QUESTIONS, UNSAID, answerOf, answered, payloadOf } from '../../lungcore/viewer/static/said.js';

const shape = { center_mm: [1, 2, 3], diameter_mm: 9 };
const answer = (...findings) => ({
  reading: { version: 0, signed: false },
  findings,
  scan: NO_ANSWER,
  can_undo: false,
  can_redo: false,
});

test('each question is answered and taken back', () => {
  for (const { name, values } of QUESTIONS) {
    for (const value of values) {
      const label = answered(UNSAID, name, value);
      assert.equal(answerOf(label, name), value);
      assert.deepEqual(answered(label, name, ''), UNSAID);
    }
  }
  assert.equal(QUESTIONS.length, 12);
});

test('an event says what was said and nothing else', () => {
  let label = answered(UNSAID, 'texture', '5');
  label = answered(answered(label, 'lobe', 'lingula'), 'confidence', '2');
  assert.deepEqual(payloadOf(label), { attributes: { texture: 5 }, lobe: 'lingula', confidence: 2 });
  assert.deepEqual(payloadOf(UNSAID), {});
  assert.deepEqual(payloadOf({ ...NO_ANSWER, no_nodules: true }), { no_nodules: true });
});

test('a label is foretold whole and undone', () => {
  const before = answer(addedFinding('1', shape));
  const events = [
    newEvent('label', { finding_uid: '1', lobe: 'lingula' }),
    newEvent('label', { finding_uid: '1', confidence: 3 }),
  ];
  const [after] = foretold(before, events).findings;
  assert.deepEqual(after.label, { ...UNSAID, confidence: 3 });
  assert.equal(after.state, 'added');
  const [undone] = foretold(before, [...events, newEvent('undo')]).findings;
  assert.deepEqual(undone.label, { ...UNSAID, lobe: 'lingula' });
});

test('no nodules is an answer until a mark takes it back', () => {
  const none = newEvent('scan', { no_nodules: true, quality: 'good' });
  const add = newEvent('add', { finding_uid: '1', ...shape });
  assert.deepEqual(foretold(answer(), [none]).scan, { no_nodules: true, quality: 'good', excluded: '' });
  assert.equal(foretold(answer(), [none, add]).scan.no_nodules, false);
  assert.equal(foretold(answer(), [none, add]).scan.quality, 'good');
  assert.equal(foretold(answer(), [none, add, newEvent('undo')]).scan.no_nodules, true);
});
