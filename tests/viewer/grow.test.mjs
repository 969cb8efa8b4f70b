import assert from 'node:assert/strict';
import test from 'node:test';

import { grow } from '../../lungcore/viewer/static/grow.js';
import { centroid, count } from '../../lungcore/viewer/static/mask.js';
import { withoutHoles } from '../../lungcore/viewer/static/region.js';
import { forEachSet, isSet } from './voxels.mjs';

const SPACING = [1.25, 0.7, 0.7];
const SHAPE = [44, 80, 80];
const MIDDLE = [22, 40, 40];
const LUNG = -860;

/**
 * Lung with noise and what `densities` paints: each [hu, inside(z, y, x in mm from the middle)],
 * every voxel by the share of its 8 octants that lie inside.
 */
function phantom(...densities) {
  let state = 4711;
  const random = () => (state = (state * 16807) % 2147483647) / 2147483647 - 0.5;
  const slices = Array.from({ length: SHAPE[0] }, (_, s) => {
    const hu = new Int16Array(SHAPE[1] * SHAPE[2]);
    for (let i = 0; i < hu.length; i++) {
      const index = [s, Math.floor(i / SHAPE[2]), i % SHAPE[2]];
      let value = LUNG;
      for (const [dense, inside] of densities) {
        let share = 0;
        for (let corner = 0; corner < 8; corner++) {
          const off = index.map((v, axis) => (v + ((corner >> axis) & 1 ? 0.25 : -0.25) - MIDDLE[axis]) * SPACING[axis]);
          share += inside(...off) ? 1 / 8 : 0;
        }
        value = Math.max(value, LUNG + share * (dense - LUNG));
      }
      hu[i] = value + 60 * (random() + random());
    }
    return hu;
  });
  return { shape: SHAPE, spacing: SPACING, slice: (s) => slices[s] };
}

const ball = (radius, z = 0, y = 0, x = 0) => (dz, dy, dx) => Math.hypot(dz - z, dy - y, dx - x) <= radius;
const volumeOf = (mask) => count(mask) * 1.25 * 0.7 * 0.7;
const trueVolume = (radius) => (4 / 3) * Math.PI * radius ** 3;
const near = (value, wanted, share, what) => assert.ok(Math.abs(value / wanted - 1) <= share, `${what}: ${value} for ${wanted}`);

test('a solid nodule is found from clicks anywhere in it', () => {
  for (const radius of [2.5, 5, 9]) {
    const voxels = phantom([40, ball(radius)]);
    for (const off of [0, 0.4, 0.7]) {
      const mask = grow(voxels, [22, 40 + (off * radius) / 0.7, 40]);
      near(volumeOf(mask), trueVolume(radius), radius < 4 ? 0.25 : 0.1, `radius ${radius} from ${off}`);
    }
  }
});

test('a click just beside a nodule means it', () => {
  const voxels = phantom([40, ball(4)]);
  near(volumeOf(grow(voxels, [22, 40 + 5 / 0.7, 40])), trueVolume(4), 0.15, 'beside');
});

test('ground glass has a threshold of its own', () => {
  const voxels = phantom([-620, ball(6)]);
  near(volumeOf(grow(voxels, MIDDLE)), trueVolume(6), 0.15, 'ground glass');
});

test('vessels through a nodule are cut off', () => {
  const vessel = (dz, dy, dx) => Math.hypot(dz, dy) <= 1.6 && Math.abs(dx) < 50;
  const branch = (dz, dy, dx) => Math.hypot(dy, dx) <= 1.2 && dz > 0;
  const mask = grow(phantom([40, ball(6)], [60, vessel], [60, branch]), MIDDLE);
  near(volumeOf(mask), trueVolume(6), 0.2, 'with vessels');
  forEachSet(mask, (index) => {
    const off = index.map((v, axis) => (v - MIDDLE[axis]) * SPACING[axis]);
    assert.ok(Math.hypot(...off) < 9, `leaks to ${off}`);
  });
});

test('the wall that a nodule lies on is left out', () => {
  const wall = (dz, dy) => dy > 5;
  for (const deep of [0, 2, 3.5]) {
    const mask = grow(phantom([40, ball(5, 0, deep)], [40, wall]), MIDDLE);
    const inLung = phantom([40, (z, y, x) => ball(5, 0, deep)(z, y, x) && !wall(z, y)]);
    const truth = volumeOf(grow(inLung, MIDDLE));
    const found = volumeOf(mask);
    assert.ok(found > 0.75 * truth && found < 1.25 * trueVolume(5), `${deep}: ${found} for ${truth} to ${trueVolume(5)}`);
  }
});

test('a mass is found whole', () => {
  const mask = grow(phantom([40, ball(22)]), [25, 50, 46]);
  near(volumeOf(mask), trueVolume(22), 0.05, 'mass');
  centroid(mask).forEach((value, axis) => assert.ok(Math.abs(value - MIDDLE[axis]) < 0.5));
});

test('a calcified middle and an air bubble belong to the nodule', () => {
  const shell = (dz, dy, dx) => Math.hypot(dz, dy, dx) <= 7 && Math.hypot(dz, dy, dx - 1) > 2;
  const mask = grow(phantom([40, shell], [400, ball(1.5, 3, 3, -3)]), [22, 46, 40]);
  near(volumeOf(mask), trueVolume(7), 0.1, 'with a bubble');
  assert.ok(isSet(mask, [22, 40, 41]));
});

test('where nothing stands out, or slices are missing, there is nothing', () => {
  assert.equal(grow(phantom(), MIDDLE), null);
  const voxels = phantom([40, ball(5)]);
  assert.equal(grow({ ...voxels, slice: (s) => (s === 20 ? null : voxels.slice(s)) }, MIDDLE), null);
});

test('holes are filled, dents are not', () => {
  const region = Uint8Array.from([1, 1, 1, 1, 0, 1, 1, 1, 1]);
  const block = Uint8Array.from([...Array(9).fill(1), ...region, ...Array(9).fill(1)]);
  assert.ok(withoutHoles([3, 3, 3], block).every((value) => value === 1));
  assert.deepEqual(withoutHoles([1, 3, 3], region), region);
});
