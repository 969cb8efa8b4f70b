// Colours over a slice, voxel by voxel.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Grid } from '../../lungcore/viewer/static/geometry.js';
import { ORIENTATIONS, Plane } from '../../lungcore/viewer/static/plane.js';
import { heat, heatPalette, maskPalette, tint } from '../../lungcore/viewer/static/tint.js';
import { AXIAL } from './grids.mjs';

const SHAPE = [8, 10, 12];
const GREY = 0xff646464;
const layer = {
  origin: [2, 4, 2],
  step: [1, 2, 2],
  shape: [3, 4, 3], // rows 4 to 11 of 10: the last element reaches beyond the slice
  values: new Uint8Array(36).map((_, i) => (i % 5 === 0 ? 0 : 1)),
};

/** The value of the layer at a voxel. */
function valueAt(index) {
  const place = index.map((value, i) => Math.floor((value - layer.origin[i]) / layer.step[i]));
  if (place.some((value, i) => value < 0 || value >= layer.shape[i])) return 0;
  return layer.values[(place[0] * layer.shape[1] + place[1]) * layer.shape[2] + place[2]];
}

for (const orientation of ORIENTATIONS) {
  test(`a mask colours its voxels and no others, ${orientation}`, () => {
    const plane = new Plane(new Grid(SHAPE, AXIAL), orientation);
    for (let slice = 0; slice < plane.count; slice++) {
      const pixels = new Uint32Array(plane.width * plane.height).fill(GREY);
      tint(pixels, plane, slice, layer, maskPalette([200, 0, 100], 0.5));
      for (let i = 0; i < pixels.length; i++) {
        const point = { across: i % plane.width, down: Math.floor(i / plane.width) };
        const isIn = valueAt(plane.toIndex(slice, point)) === 1;
        // Half of 100 and half of (200, 0, 100); 0.5 is 128 of 255.
        const channels = [0, 8, 16].map((shift) => (pixels[i] >>> shift) & 255);
        assert.deepEqual(channels, isIn ? [150, 50, 100] : [100, 100, 100]);
        assert.equal(pixels[i] >>> 24, 255);
      }
    }
  });
}

test('a heat map shows nothing below its threshold, and its hottest in full strength', () => {
  const palette = heatPalette(0.5, 1);
  assert.equal(palette[0], 0);
  assert.equal(palette[127], 0);
  assert.notEqual(palette[128], 0);
  assert.equal(palette[255] >>> 24, 255);
  assert.equal(heatPalette(0, 1)[0], 0); // no evidence is no colour
});

test('the colours of the heat map grow brighter all the way', () => {
  const sums = Array.from({ length: 21 }, (_, i) => heat(i / 20).reduce((a, b) => a + b));
  sums.slice(1).forEach((sum, i) => assert.ok(sum >= sums[i]));
});
