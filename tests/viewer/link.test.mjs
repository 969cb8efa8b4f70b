// How two scans lie to each other.

import assert from 'node:assert/strict';
import test from 'node:test';

import { firstKind, kindsOf, linkOf, toCurrent, toPrior } from '../../lungcore/viewer/static/compare/link.js';
import { near } from './grids.mjs';

const GOOD = { state: 'done', scale: [0.9, 1.1, 1.05], shift_mm: [3, -4, 80], good: true };

test('the best link that there is comes first', () => {
  assert.deepEqual(kindsOf(true, GOOD), ['frame', 'lungs', 'anchor', 'none']);
  assert.deepEqual(kindsOf(false, GOOD), ['lungs', 'anchor', 'none']);
  assert.deepEqual(kindsOf(false, { ...GOOD, good: false }), ['anchor', 'none']);
  assert.deepEqual(kindsOf(false, { state: 'running' }), ['anchor', 'none']);
  assert.deepEqual(kindsOf(false, null), ['anchor', 'none']);
});

test('nothing links two scans before the reader has set an anchor', () => {
  assert.equal(firstKind(true, null), 'frame');
  assert.equal(firstKind(false, GOOD), 'lungs');
  assert.equal(firstKind(false, { ...GOOD, good: false }), 'none');
});

test('a place goes there and back', () => {
  for (const kind of ['frame', 'lungs', 'anchor']) {
    const link = linkOf(kind, GOOD, -12.5);
    near(toPrior(link, toCurrent(link, [10, 20, 30])), [10, 20, 30]);
  }
  near(toCurrent(linkOf('lungs', GOOD, 0), [10, 20, 30]), [12, 18, 111.5]);
  near(toCurrent(linkOf('anchor', GOOD, -12.5), [10, 20, 30]), [10, 20, 17.5]);
  assert.equal(linkOf('none', GOOD, 0), null);
  assert.equal(linkOf('lungs', null, 0), null);
});
