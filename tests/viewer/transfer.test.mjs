import assert from 'node:assert/strict';
import { test } from 'node:test';

import { distinct, send } from '../../lungcore/viewer/static/worklist/transfer.js';

test('files of the same name from two folders are all sent, under names of their own', () => {
  const files = ['a', 'b', 'c', 'd'].map((id) => ({ id }));
  const names = ['CT/1.dcm', 'CT/1.dcm', 'CT/2.dcm', 'CT/1.dcm'];
  const items = distinct(files.map((file, i) => ({ file, name: names[i] })));
  assert.deepEqual(items.map((item) => item.name), ['CT/1.dcm', '2/CT/1.dcm', 'CT/2.dcm', '3/CT/1.dcm']);
  assert.deepEqual(items.map((item) => item.file.id), ['a', 'b', 'c', 'd']);
});

test('an upload whose last answer was lost is handed over again and not dropped', async (t) => {
  t.mock.method(globalThis, 'setTimeout', (act) => act());
  globalThis.document = { baseURI: 'http://here/' };
  const asked = [];
  const answers = [
    () => Response.json({ upload_id: 'u' }, { status: 201 }),
    () => Promise.reject(new TypeError('the network is gone')),
    () => Response.json({ job_id: 'j' }, { status: 202 }),
  ];
  t.mock.method(globalThis, 'fetch', async (url, { method }) => {
    asked.push(`${method} ${url.pathname}`);
    return answers.shift()();
  });
  assert.equal(await send([], () => {}, new AbortController().signal), 'j');
  assert.deepEqual(asked, ['POST /api/uploads', 'POST /api/uploads/u', 'POST /api/uploads/u']);
});
