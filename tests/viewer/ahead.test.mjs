import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Ahead, rememberOrder, studyAfter } from '../../lungcore/viewer/static/ahead.js';

beforeEach(() => {
  const kept = new Map();
  globalThis.sessionStorage = {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
  };
});

test('the next study is the one below in the list that the reader saw', () => {
  assert.equal(studyAfter('1.2'), null);
  rememberOrder(['1.1', '1.2', '1.3']);
  assert.deepEqual(['1.1', '1.2', '1.3', '9.9'].map(studyAfter), ['1.2', '1.3', null, null]);
});

test('the next study is fetched once, after the present one', () => {
  const review = { nextStudy: '1.2', volume: { isWhole: false } };
  const ahead = new Ahead(review, new AbortController().signal);
  const asked = [];
  ahead.fetch = async (api) => asked.push(api);
  globalThis.document = { baseURI: 'http://testserver/' };
  ahead.draw();
  assert.equal(asked.length, 0);
  review.volume.isWhole = true;
  ahead.draw();
  ahead.draw();
  assert.deepEqual(asked.map(({ base }) => base), ['http://testserver/api/series/1.2']);
});
