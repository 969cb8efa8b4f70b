import assert from 'node:assert/strict';
import { test } from 'node:test';

import { paint } from '../../lungcore/viewer/static/render.js';
import { Greys, PRESETS, dragged, fillTable, presetOf } from '../../lungcore/viewer/static/window.js';

const greys = (window, hu) => {
  const table = new Uint32Array(65536);
  fillTable(window, table);
  const pixels = new Uint32Array(hu.length);
  paint(Int16Array.from(hu), table, pixels);
  return [...new Uint8Array(pixels.buffer)].filter((_, i) => i % 4 === 0);
};

test('the window is the LINEAR function of PS3.3 C.11.2.1.2.1', () => {
  // Its own example there: c = 2048, w = 4096.
  const window = { center: 2048, width: 4096 };
  assert.deepEqual(greys(window, [-1, 0, 2048, 4095, 5000]), [0, 0, 128, 255, 255]);
});

test('int16 from end to end has a grey', () => {
  assert.deepEqual(greys(PRESETS.lung, [-32768, -1350, 149, 32767]), [0, 0, 255, 255]);
});

test('a width of one is a threshold', () => {
  assert.deepEqual(greys({ center: 0, width: 1 }, [-2, -1, 0, 1]), [0, 0, 255, 255]);
});

test('pixels are opaque grey', () => {
  const table = new Uint32Array(65536);
  fillTable(PRESETS.mediastinum, table);
  const [red, green, blue, alpha] = new Uint8Array(table.buffer, (32768 + 40) * 4, 4);
  assert.deepEqual([red === green, green === blue, alpha], [true, true, 255]);
});

test('a drag changes width by x and centre by y, within bounds', () => {
  const from = PRESETS.mediastinum;
  assert.deepEqual(dragged(from, 10, 0), { center: 40, width: 410 });
  assert.deepEqual(dragged(from, 0, 10), { center: 50, width: 400 });
  assert.equal(dragged(from, -9999, 0).width, 1);
});

test('presets are known again', () => {
  assert.equal(presetOf({ ...PRESETS.bone }), 'bone');
  assert.equal(presetOf({ center: 1, width: 2 }), null);
});

test('the panes share a table, filled anew when the window changes', () => {
  const greys = new Greys();
  const bone = greys.of(PRESETS.bone)[32768];
  assert.notEqual(greys.of(PRESETS.lung)[32768], bone);
  assert.equal(greys.of(PRESETS.bone), greys.table);
});
