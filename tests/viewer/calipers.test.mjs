import assert from 'node:assert/strict';
import test from 'node:test';

import { ellipsoidMask } from '../../lungcore/viewer/static/brush.js';
import { largestSlice, lengthOf, measureByHand, measureEllipsoid, measureMask, meanDiameter, oneDecimal } from '../../lungcore/viewer/static/calipers.js';
import { axesOf, halfLengths, handlesOf, isInside, resized, sectionOf } from '../../lungcore/viewer/static/ellipsoid.js';
import { emptyMask, isSet } from '../../lungcore/viewer/static/mask.js';

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

test('a plane cuts an ellipsoid in an ellipse, in each direction', () => {
  const finding = { diameter_mm: 10, axes_mm: [14, 12, 25] };
  const half = halfLengths(finding, SPACING);
  assert.deepEqual(half.map((n) => Math.round(n * 1e6) / 1e6), [10, 10, 10]);
  const center = [20, 30, 40];
  for (const axis of [0, 1, 2]) {
    const middle = sectionOf(center, half, axis, center[axis]);
    const off = sectionOf(center, half, axis, center[axis] + 6);
    assert.ok(middle.half.every((n) => Math.abs(n - 10) < 1e-9));
    const share = Math.sqrt(1 - 0.55 ** 2); // 5.5 voxels of 10: the plane is as thick as a voxel
    assert.ok(off.half.every((n) => Math.abs(n - 10 * share) < 1e-9));
    assert.equal(sectionOf(center, half, axis, center[axis] + 10.5), null);
  }
  assert.deepEqual(sectionOf(center, half, 1, 30).center, [40, 20]);
  assert.deepEqual(axesOf({ diameter_mm: 7, axes_mm: null }), [7, 7, 7]);
});

test('a sphere smaller than a slice is cut by one slice at least', () => {
  const half = halfLengths({ diameter_mm: 1 }, [5, 0.7, 0.7]);
  for (const z of [20, 20.3, 20.49]) assert.ok(sectionOf([z, 30, 40], half, 0, 20));
});

test('each handle resizes its own axis and no other', () => {
  const axes = [14, 12, 25];
  const section = sectionOf([20, 30, 40], halfLengths({ axes_mm: axes }, SPACING), 1, 30);
  const handles = handlesOf(section, 1);
  assert.deepEqual(handles.map(({ handle }) => handle.along), [2, 2, 0, 0]);
  assert.deepEqual(handles.map(({ place }) => place.map(Math.round)), [[50, 20], [30, 20], [40, 30], [40, 10]]);
  assert.deepEqual(resized(axes, 0, -20, 1), [14, 12, 40]);
  assert.deepEqual(resized(axes, 2, 4, 0.5), [16, 12, 25]);
  assert.deepEqual(resized(axes, 1, 0, 1), [14, 1, 25]);
  assert.deepEqual(axes, [14, 12, 25]);
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
