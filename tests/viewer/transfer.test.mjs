import assert from 'node:assert/strict';
import { test } from 'node:test';

import { distinct } from '../../lungcore/viewer/static/worklist/transfer.js';

test('files of the same name from two folders are all sent, under names of their own', () => {
  const files = ['a', 'b', 'c', 'd'].map((id) => ({ id }));
  const names = ['CT/1.dcm', 'CT/1.dcm', 'CT/2.dcm', 'CT/1.dcm'];
  const items = distinct(files.map((file, i) => ({ file, name: names[i] })));
  assert.deepEqual(items.map((item) => item.name), ['CT/1.dcm', '2/CT/1.dcm', 'CT/2.dcm', '3/CT/1.dcm']);
  assert.deepEqual(items.map((item) => item.file.id), ['a', 'b', 'c', 'd']);
});
