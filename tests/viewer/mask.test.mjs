import assert from 'node:assert/strict';
import test from 'node:test';

import { ellipsoidMask, interpolated, painted } from '../../lungcore/viewer/static/brush.js';
import { distances } from '../../lungcore/viewer/static/distance.js';
import { centroid, count, decodeMask, emptyMask, encodeMask, grownTo, outline, trimmed } from '../../lungcore/viewer/static/mask.js';
import { forEachSet, isSet } from './voxels.mjs';

const SHAPE = [40, 60, 70];
const SPACING = [2, 0.7, 0.8];

/** A small generator of its own, so that a failure comes again. */
function random(seed) {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

function noise(seed, shape, origin = [3, 4, 5]) {
  const next = random(seed);
  const mask = emptyMask(origin, shape);
  mask.voxels.forEach((_, i) => (mask.voxels[i] = next() < 0.4 ? 1 : 0));
  return mask;
}

const indices = (mask) => {
  const found = [];
  forEachSet(mask, (index) => found.push(index.join()));
  return found;
};

test('a mask comes back from its bits', () => {
  for (const shape of [[1, 1, 1], [3, 5, 7], [4, 4, 4]]) {
    const mask = noise(7, shape);
    assert.deepEqual(decodeMask(encodeMask(mask).buffer), mask);
  }
});

test('growing and trimming a box keep the voxels', () => {
  const mask = noise(3, [3, 4, 5]);
  const grown = grownTo(mask, [0, 5, 2], [9, 6, 30]);
  assert.deepEqual([grown.origin, grown.shape], [[0, 4, 2], [9, 4, 28]]);
  assert.deepEqual(indices(grown), indices(mask));
  assert.deepEqual(indices(trimmed(grown)), indices(mask));
  assert.equal(trimmed(emptyMask([0, 0, 0], [2, 2, 2])), null);
});

test('a ball has its volume and its middle', () => {
  const dab = { from: [20, 30, 35], to: [20, 30, 35], radius_mm: 9, flat: null, erases: false };
  const mask = painted(null, dab, SHAPE, [0.5, 0.5, 0.5]);
  const mm3 = count(mask) * 0.125;
  assert.ok(Math.abs(mm3 / ((4 / 3) * Math.PI * 729) - 1) < 0.01, `${mm3}`);
  assert.deepEqual(centroid(mask), [20, 30, 35]);
});

test('a disc stays in its plane, in each direction', () => {
  for (const flat of [0, 1, 2]) {
    const dab = { from: [10, 20, 30], to: [10, 20, 30], radius_mm: 5, flat, erases: false };
    const mask = painted(null, dab, SHAPE, SPACING);
    forEachSet(mask, (index) => assert.equal(index[flat], [10, 20, 30][flat]));
    const within = [0, 1, 2].filter((axis) => axis !== flat).map((axis) => SPACING[axis]);
    const area = count(mask) * within[0] * within[1];
    assert.ok(Math.abs(area / (Math.PI * 25) - 1) < 0.12, `${flat}: ${area}`);
  }
});

test('a stroke leaves no gap and reaches as far as its radius', () => {
  const dab = { from: [10, 10, 10], to: [14, 40, 50], radius_mm: 2, flat: null, erases: false };
  const mask = painted(null, dab, SHAPE, SPACING);
  for (let share = 0; share <= 1; share += 0.01) {
    assert.ok(isSet(mask, [10 + 4 * share, 10 + 30 * share, 10 + 40 * share].map(Math.round)));
  }
  forEachSet(mask, (index) => {
    const off = (share) => Math.hypot(...index.map((v, i) => (v - dab.from[i] - share * (dab.to[i] - dab.from[i])) * SPACING[i]));
    const nearest = Math.min(...Array.from({ length: 201 }, (_, i) => off(i / 200)));
    assert.ok(nearest <= 2.05);
  });
});

test('a brush smaller than a voxel still paints the one it is on', () => {
  const dab = { from: [10.3, 20.4, 29.8], to: [10.3, 20.4, 29.8], radius_mm: 0.1, flat: null, erases: false };
  assert.deepEqual(indices(painted(null, dab, SHAPE, SPACING)), ['10,20,30']);
});

test('the eraser takes away what it covers, and paint stays in the volume', () => {
  const at = (from, erases) => ({ from, to: from, radius_mm: 6, flat: null, erases });
  const ball = painted(null, at([2, 2, 68], false), SHAPE, SPACING);
  forEachSet(ball, (index) => index.forEach((v, i) => assert.ok(v >= 0 && v < SHAPE[i])));
  assert.equal(trimmed(painted(ball, at([2, 2, 68], true), SHAPE, SPACING)), null);
  const half = painted(ball, at([2, 2, 60], true), SHAPE, SPACING);
  assert.ok(count(half) > 0 && count(half) < count(ball));
  assert.ok(!isSet(half, [2, 2, 64]));
});

test('distances are those of brute force', () => {
  const mask = noise(11, [4, 6, 5]);
  const few = mask.voxels.map((value, i) => (value && i % 5 === 0 ? 1 : 0));
  const found = distances(mask.shape, SPACING, (i) => few[i] === 1);
  const at = (i) => [Math.floor(i / 30), Math.floor(i / 5) % 6, i % 5];
  found.forEach((value, i) => {
    let best = Infinity;
    few.forEach((set, j) => {
      if (set) best = Math.min(best, Math.hypot(...at(i).map((v, axis) => (v - at(j)[axis]) * SPACING[axis])));
    });
    assert.ok(Math.abs(value - best) < 1e-4, `${i}: ${value} ${best}`);
  });
  assert.ok(distances([1, 2, 2], SPACING, () => false).every((value) => value === Infinity));
});

test('between two equal discs lies the same disc; between a small and a large one, one between', () => {
  const disc = (mask, slice, radius_mm, column = 30) =>
    painted(mask, { from: [slice, 30, column], to: [slice, 30, column], radius_mm, flat: 0, erases: false }, SHAPE, SPACING);
  const areaOf = (mask, slice) => indices(mask).filter((index) => index.startsWith(`${slice},`)).length;
  const same = interpolated(disc(disc(null, 10, 5), 14, 5), 0, SPACING);
  for (const slice of [11, 12, 13]) assert.equal(areaOf(same, slice), areaOf(same, 10));
  const cone = interpolated(disc(disc(null, 10, 3), 14, 7), 0, SPACING);
  const radius = (slice) => Math.sqrt((areaOf(cone, slice) * 0.56) / Math.PI);
  [3, 4, 5, 6, 7].forEach((mm, i) => assert.ok(Math.abs(radius(10 + i) - mm) < 0.3, `${radius(10 + i)}`));
  const moved = interpolated(disc(disc(null, 10, 5, 30), 14, 5, 34), 0, SPACING);
  const middle = trimmed({ ...moved, voxels: moved.voxels.map((v, i) => (Math.floor(i / (moved.shape[1] * moved.shape[2])) === 2 ? v : 0)) });
  assert.ok(Math.abs(centroid(middle)[2] - 32) < 0.3);
});

test('interpolation works across the other axes, and fills nothing where no plane is missing', () => {
  const disc = (mask, row) =>
    painted(mask, { from: [20, row, 30], to: [20, row, 30], radius_mm: 8, flat: 1, erases: false }, SHAPE, SPACING);
  const two = disc(disc(null, 20), 26);
  const filled = interpolated(two, 1, SPACING);
  assert.equal(count(filled), 7 * count(disc(null, 20)));
  assert.deepEqual(interpolated(two, 0, SPACING).voxels, two.voxels);
  assert.deepEqual(interpolated(filled, 1, SPACING), filled);
});

test('an ellipsoid as a mask has its volume; the smallest is a voxel', () => {
  const mask = ellipsoidMask([20.3, 30.4, 35.2], [8, 16, 12], SHAPE);
  assert.ok(Math.abs(count(mask) / ((4 / 3) * Math.PI * 8 * 16 * 12) - 1) < 0.01);
  assert.equal(count(ellipsoidMask([20.4, 30.4, 35.4], [0.2, 0.2, 0.2], SHAPE)), 1);
});

test('the outline goes around what is set: its segments meet, and enclose the area', () => {
  const mask = painted(null, { from: [20, 30, 35], to: [20, 33, 40], radius_mm: 6, flat: null, erases: false }, SHAPE, SPACING);
  for (const [axis, at] of [[0, 20], [1, 31], [2, 37]]) {
    const [down, across] = [0, 1, 2].filter((other) => other !== axis);
    const segments = outline(mask, { through: axis, down, across }, at);
    const ends = new Map();
    let twice = 0;
    for (const [u, v, x, y] of segments) {
      for (const end of [`${u},${v}`, `${x},${y}`]) ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    assert.ok([...ends.values()].every((n) => n === 2));
    const inside = [];
    forEachSet(mask, (index) => index[axis] === at && inside.push(index));
    // Area by the trapezoids under the segments, left and right of the middle by sign.
    const mid = inside.reduce((sum, index) => sum + index[down], 0) / inside.length;
    for (const [u, v, x, y] of segments) twice += Math.abs(x - u) * ((v + y) / 2 > mid ? v + y : -(v + y));
    assert.ok(Math.abs(twice / 2 / inside.length - 1) < 0.06, `${axis}: ${twice / 2} ${inside.length}`);
  }
  assert.deepEqual(outline(mask, { through: 0, down: 1, across: 2 }, 2), []);
});
