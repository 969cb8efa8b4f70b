import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ellipsoidMask } from '../../lungcore/viewer/static/brush.js';
import { fitted } from '../../lungcore/viewer/static/ellipsoid.js';
import { Grid } from '../../lungcore/viewer/static/geometry.js';
import { count } from '../../lungcore/viewer/static/mask.js';
import { addedFinding } from '../../lungcore/viewer/static/model.js';
import { asMask, calipersDraft, calipersOf, distance, ellipsoidDraft, findingAt, isPaintOf, maskDraft } from '../../lungcore/viewer/static/shapes.js';
import { Tools } from '../../lungcore/viewer/static/tools.js';
import { AXIAL, near, oblique } from './grids.mjs';

const GRIDS = [AXIAL, oblique()].map((affine) => new Grid([80, 200, 220], affine));
const CENTER = [30.2, 90.4, 110.7];
const found = (grid, change = {}) => ({ ...addedFinding('1', { center_mm: grid.toMm(CENTER), diameter_mm: 12 }), ...change });

test('an ellipsoid and its mask say the same of a nodule, also under gantry tilt', () => {
  for (const grid of GRIDS) {
    const axes = [16, 11, 20];
    const drawn = ellipsoidDraft(grid, '1', grid.toMm(CENTER), axes);
    const mask = asMask(grid, found(grid, { axes_mm: axes }), null);
    const painted = maskDraft(grid, '1', mask);
    near(painted.center_mm, drawn.center_mm, 0.3);
    const ratio = painted.measured.volume_mm3 / drawn.measured.volume_mm3;
    assert.ok(Math.abs(ratio - 1) < 0.03, `${ratio}`);
    assert.ok(Math.abs(painted.diameter_mm - drawn.diameter_mm) < 1);
    assert.equal(drawn.diameter_mm, 13.5);
  }
});

test('the ellipsoid of a mask is the one that was painted, and has the volume of any other', () => {
  const [grid] = GRIDS;
  const axes = [16, 11, 20];
  const mask = asMask(grid, found(grid, { axes_mm: axes }), null);
  const { center, axes_mm } = fitted(mask, grid.spacing);
  near(center, CENTER, 0.1);
  near(axes_mm, axes, 0.4);
  const halved = { ...mask, voxels: mask.voxels.map((value, i) => (i % 2 ? value : 0)) };
  const other = fitted(halved, grid.spacing).axes_mm;
  const volume = count(halved) * Math.abs(grid.volumeMm3);
  assert.ok(Math.abs((Math.PI / 6) * other[0] * other[1] * other[2] - volume) < 0.03 * volume);
  assert.deepEqual(fitted({ origin: [3, 4, 5], shape: [1, 1, 1], voxels: new Uint8Array([1]) }, [1, 1, 1]).center, [3, 4, 5]);
});

test('calipers lie on the axes: of the ellipsoid, of the mask, or where they were set', () => {
  const [grid] = GRIDS;
  const oval = found(grid, { axes_mm: [10, 18, 12] });
  const ends = calipersOf(grid, oval, null);
  assert.ok(Math.abs(distance(ends[0], ends[1]) - 18) < 1e-9);
  assert.ok(Math.abs(distance(ends[2], ends[3]) - 10) < 1e-9);
  const mask = ellipsoidMask(CENTER, [5, 14, 8], grid.shape);
  const { measured } = maskDraft(grid, '1', mask);
  const masked = calipersOf(grid, found(grid), mask);
  assert.ok(Math.abs(distance(masked[0], masked[1]) - measured.long_mm) <= 0.05 + 1e-9);
  assert.ok(Math.abs(distance(masked[2], masked[3]) - measured.short_mm) <= 0.05 + 1e-9);
  assert.deepEqual(new Set(masked.map((end) => Math.round(grid.toIndex(end)[0]))), new Set([30]));
  assert.equal(calipersOf(grid, found(grid, { calipers_mm: ends }), mask), ends);
});

test('calipers set by hand keep the shape and its volume', () => {
  const [grid] = GRIDS;
  const measured = { long_mm: 9, short_mm: 8, volume_mm3: 333 };
  const ends = [[0, 0, 0], [4, 0, 0], [0, 0, 0], [0, 7.01, 0]];
  const draft = calipersDraft(grid, found(grid, { mask: 'ab', measured }), ends);
  assert.deepEqual(draft.measured, { long_mm: 7, short_mm: 4, volume_mm3: 333 });
  assert.deepEqual([draft.diameter_mm, draft.mask, draft.axes_mm], [5.5, 'ab', undefined]);
  const sphere = calipersDraft(grid, found(grid), ends);
  assert.equal(sphere.measured.volume_mm3, Math.round((Math.PI / 6) * 12 ** 3 * 10) / 10);
});

test('a click means the nearest finding that it is in or next to', () => {
  const [grid] = GRIDS;
  const one = found(grid);
  const other = { ...found(grid), finding_uid: '2', center_mm: grid.toMm([30.2, 90.4, 122]) };
  const none = () => null;
  assert.equal(findingAt(grid, [other, one], none, [30, 90, 110]), one);
  assert.equal(findingAt(grid, [one, other], none, [30, 90, 121]), other);
  assert.equal(findingAt(grid, [one, other], none, [30, 90, 160]), null);
  const mask = ellipsoidMask([30, 90, 150], [2, 3, 12], grid.shape);
  assert.equal(findingAt(grid, [one], () => mask, [30, 90, 160]), one);
  assert.equal(count(asMask(grid, one, mask)), count(mask));
});

test('paint near a finding is its own, far from it another one', () => {
  const [grid] = GRIDS;
  assert.ok(isPaintOf(grid, found(grid), null, [34, 90, 110]));
  assert.ok(!isPaintOf(grid, found(grid), null, [30, 90, 160]));
});

test('the brush goes through its sizes and stops at their ends', () => {
  const tools = new Tools();
  const sizes = [];
  for (let i = 0; i < 20; i++) {
    tools.resizeBrush(1);
    sizes.push(tools.brushMm);
  }
  assert.equal(sizes[0], 8);
  assert.equal(tools.brushMm, Tools.sizes.at(-1));
  for (let i = 0; i < 20; i++) tools.resizeBrush(-1);
  assert.equal(tools.brushMm, Tools.sizes[0]);
});
