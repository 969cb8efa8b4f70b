import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decode } from '../../lungcore/viewer/static/decode.js';

/** The encoder as the store describes it: differences with int16 wrap-around, then bytes apart. */
function encode(voxels) {
  const differences = Int16Array.from(voxels, (value, i) => value - (i ? voxels[i - 1] : 0));
  const bytes = new Uint8Array(differences.buffer);
  return Uint8Array.from([...bytes.filter((_, i) => i % 2 === 0), ...bytes.filter((_, i) => i % 2)]);
}

test('known bytes', () => {
  // 1, 3, -1: differences 1, 2, -4
  assert.deepEqual([...decode(new Uint8Array([1, 2, 0xfc, 0, 0, 0xff]))], [1, 3, -1]);
});

test('every kind of step comes back, also over the ends of int16', () => {
  const voxels = [0, -1024, 3071, 32767, -32768, 32767, -1, 0, -32768, 12, 12];
  assert.deepEqual([...decode(encode(voxels))], voxels);
});

test('a long chunk of steep steps does not lose precision', () => {
  const voxels = Array.from({ length: 200_000 }, (_, i) => ((i * 7919) % 65536) - 32768);
  assert.deepEqual(decode(encode(voxels)), Int16Array.from(voxels));
});

test('half a voxel is an error', () => {
  assert.throws(() => decode(new Uint8Array(3)), RangeError);
});
