// What is made of an adjudication for the screen, and what events say of a choice.

import assert from 'node:assert/strict';
import test from 'node:test';

import {
  calledOf,
  chosenOf,
  decidedOf,
  findingsOf,
  nextOpen,
  payloadOf,
  verdictText,
} from '../../lungcore/viewer/static/adjudicate/told.js';

const t = (name, values) => (values ? `${name} ${Object.values(values).join(' ')}` : name);
const mark = (reader, change = {}) => ({
  ...{ reader, center_mm: [1, 2, 3], diameter_mm: 8, attributes: {}, nodule_type: '', mask: null },
  ...change,
});
const group = (change = {}) => ({ disputes: [], marks: [mark(0)], is_voted: true, decision: null, ...change });
const decision = (change = {}) => ({
  ...{ seq: 2, is_nodule: true, outline: 'vote', ratings: 'median', reason: 'why' },
  ...change,
});

test('readers are letters until their names are asked for', () => {
  const names = ['Ann', 'Bob'];
  assert.deepEqual(calledOf(names, false, t), ['adjudicate_reader A', 'adjudicate_reader B']);
  assert.deepEqual(calledOf(names, true, t), names);
  assert.equal(calledOf(Array(28).fill('x'), false, t)[27], 'adjudicate_reader 28');
});

test('the marks of a group share its number, and each says whose it is', () => {
  const groups = [group({ marks: [mark(0), mark(2, { mask: 'ab', diameter_mm: null })] }), group()];
  const found = findingsOf(groups, ['A', 'B', 'C']);
  assert.deepEqual(
    found.map(({ finding_uid, reader, reader_number }) => [finding_uid, reader, reader_number]),
    [['0', 'A', 0], ['0', 'C', 2], ['1', 'A', 0]],
  );
  assert.deepEqual([found[1].mask, found[1].diameter_mm], ['ab', 3]);
});

test('first comes what was decided, else what most readers say', () => {
  assert.deepEqual(chosenOf(group()), { verdict: 'vote', ratings: 'median' });
  assert.equal(chosenOf(group({ is_voted: false })).verdict, 'none');
  assert.deepEqual(chosenOf(group({ decision: decision({ outline: 1, ratings: 2 }) })), { verdict: '1', ratings: '2' });
  assert.equal(chosenOf(group({ decision: decision({ is_nodule: false }) })).verdict, 'none');
});

test('an event says whose by number, and of no nodule neither', () => {
  assert.deepEqual(payloadOf(3, 'none', 'median', 'why'), { group: 3, nodule: false, reason: 'why' });
  const said = { group: 0, nodule: true, outline: 1, ratings: 'median', reason: 'why' };
  assert.deepEqual(payloadOf(0, '1', 'median', 'why'), said);
  assert.deepEqual(payloadOf(0, 'staple', '2', 'why'), { ...said, outline: 'staple', ratings: 2 });
});

test('what is open is found around the end', () => {
  const done = group({ decision: decision() });
  assert.equal(nextOpen([group(), done, group()], 0), 2);
  assert.equal(nextOpen([group(), done, group()], 2), 0);
  assert.equal(nextOpen([group(), done], -1), 0);
  assert.equal(nextOpen([done, done], 0), null);
  assert.equal(nextOpen([], -1), null);
  assert.equal(decidedOf([group(), done]), 1);
});

test('a verdict is told in words', () => {
  const said = (change) => verdictText(group(change), 3, ['A', 'B', 'C'], t);
  assert.equal(said({}), 'adjudicate_most_say_nodule 1 3');
  assert.equal(said({ is_voted: false }), 'adjudicate_most_say_none 1 3');
  assert.equal(said({ decision: decision({ outline: 2 }) }), 'adjudicate_decided_nodule C');
  assert.equal(said({ decision: decision() }), 'adjudicate_decided_nodule method_vote');
  assert.equal(said({ decision: decision({ is_nodule: false }) }), 'adjudicate_decided_none');
});
