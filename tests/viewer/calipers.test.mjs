import assert from 'node:assert/strict';
import test from 'node:test';

import { ellipsoidMask } from '../../lungcore/viewer/static/brush.js';
import { largestSlice, lengthOf, measureByHand, measureEllipsoid, measureMask, meanDiameter, oneDecimal } from '../../lungcore/viewer/static/calipers.js';
import { axesOf, halfLengths, isInside, resized, scaledAxes, withinSizes } from '../../lungcore/viewer/static/ellipsoid.js';
import { emptyMask } from '../../lungcore/viewer/static/mask.js';
import { isSet } from './voxels.mjs';

const SPACING = [1.25, 0.6, 0.7];

test('an ellipsoid drawn as a mask measures its axes and its volume', () => {
  const half = [10 / 1.25, 12 / 0.6, 8 / 0.7];
  const mask = ellipsoidMask([20.3, 40.1, 50.4], half, [60, 120, 120]);
  const { measured, calipers } = measureMask(mask, SPACING, 1.25 * 0.6 * 0.7);
  assert.ok(Math.abs(measured.long_mm - 24) < 0.7, `${measured.long_mm}`);
  assert.ok(Math.abs(measured.short_mm - 16) < 0.7, `${measured.short_mm}`);
  assert.ok(Math.abs(measured.volume_mm3 / ((4 / 3) * Math.PI * 960) - 1) < 0.02);
  assert.equal(calipers.slice, 20);
  const [[ax, ay], [bx, by]] = calipers.long;
  const [[cx, cy], [dx, dy]] = calipers.short;
  assert.ok(Math.abs((bx - ax) * (dx - cx) + (by - ay) * (dy - cy)) < 1e-6, 'at right angles');
  assert.ok(lengthOf(calipers.long) >= lengthOf(calipers.short));
});

test('one voxel measures its own size, the first of two equal slices counts', () => {
  const mask = emptyMask([5, 6, 7], [2, 1, 1]);
  mask.voxels.fill(1);
  const { measured } = measureMask(mask, [2, 0.7, 0.7], 0.98);
  assert.deepEqual(measured, { long_mm: 0.7, short_mm: 0.7, volume_mm3: 2 });
  assert.equal(largestSlice(mask), 5);
});

test('figures are rounded half up, the mean of tenths too', () => {
  assert.equal(oneDecimal(5.25), 5.3);
  assert.equal(meanDiameter({ long_mm: 8.2, short_mm: 8.1, volume_mm3: 0 }), 8.2);
  assert.deepEqual(measureByHand(3.52, 8.02, 9), { long_mm: 8, short_mm: 3.5, volume_mm3: 9 });
  assert.deepEqual(measureEllipsoid([8, 12, 20], 1), { long_mm: 12, short_mm: 8, volume_mm3: 1005.3 });
});

test('lengths in voxels, of a sphere too', () => {
  const half = halfLengths({ diameter_mm: 10, axes_mm: [14, 12, 25] }, SPACING);
  assert.deepEqual(half.map((n) => Math.round(n * 1e6) / 1e6), [10, 10, 10]);
  assert.deepEqual(axesOf({ diameter_mm: 7, axes_mm: null }), [7, 7, 7]);
});

test('each end resizes its own axis and no other', () => {
  const axes = [14, 12, 25];
  assert.deepEqual(resized(axes, 0, -20, 1), [14, 12, 40]);
  assert.deepEqual(resized(axes, 2, 4, 0.5), [16, 12, 25]);
  assert.deepEqual(resized(axes, 1, 0, 1), [14, 1, 25]);
  assert.deepEqual(scaledAxes(axes, 2), [28, 24, 50]);
  assert.deepEqual(axes, [14, 12, 25]);
  assert.deepEqual([7.26, 0, 900].map(withinSizes), [7.3, 1, 200]);
});

test('what lies in an ellipsoid is in its mask', () => {
  const [center, half] = [[10.2, 20.1, 15.7], [4, 9, 6]];
  const mask = ellipsoidMask(center, half, [40, 40, 40]);
  for (let i = 0; i < 300; i++) {
    const index = [(i * 7) % 21, (i * 11) % 40, (i * 13) % 30];
    assert.equal(isInside(index, center, half, [0, 0, 0]), isSet(mask, index));
  }
  assert.ok(isInside([15, 20, 15], center, half, [1, 1, 1]));
});
