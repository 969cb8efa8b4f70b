// Slabs against a loop over every voxel.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Grid } from '../../lungcore/viewer/static/geometry.js';
import { ORIENTATIONS, Plane } from '../../lungcore/viewer/static/plane.js';
import { Slabs, slabRange } from '../../lungcore/viewer/static/slab.js';
import { AXIAL } from './grids.mjs';

const ABSENT = -32768;
const SHAPE = [9, 6, 7];
const voxels = new Int16Array(9 * 6 * 7).map((_, i) => ((i * 7919) % 2000) - 1000);
const at = ([s, r, c]) => voxels[(s * SHAPE[1] + r) * SHAPE[2] + c];

/** The stored slices, without one of them where it has not come. */
const source = (missing) => ({
  slice: (n) => (n === missing ? null : voxels.subarray(n * 42, (n + 1) * 42)),
});

const RULES = {
  mip: (hu) => Math.max(...hu),
  minip: (hu) => Math.min(...hu),
  mean: (hu) => Math.round(hu.reduce((sum, value) => sum + value, 0) / hu.length),
};

for (const orientation of ORIENTATIONS) {
  for (const [kind, rule] of Object.entries(RULES)) {
    test(`${kind} of a ${orientation} slab, with a slice that has not come`, () => {
      const plane = new Plane(new Grid(SHAPE, AXIAL), orientation);
      const slab = { kind, mm: 3.2 * plane.planeMm };
      const middle = Math.floor(plane.count / 2);
      const found = new Slabs(plane).of(source(4), middle, slab);
      const [first, last] = slabRange(plane, middle, slab);
      assert.equal(last - first + 1, 3);
      for (let down = 0; down < plane.height; down++) {
        for (let across = 0; across < plane.width; across++) {
          const hu = [];
          for (let n = first; n <= last; n++) {
            const index = plane.toIndex(n, { across, down });
            if (index[0] !== 4) hu.push(at(index));
          }
          const expected = hu.length ? rule(hu) : ABSENT;
          assert.equal(found[down * plane.width + across], expected, `${across} ${down}`);
        }
      }
    });
  }
}

test('a slab stays within the series and holds its slice', () => {
  const plane = new Plane(new Grid([100, 6, 7], AXIAL), 'axial'); // slices 2.5 mm apart
  const range = (slice, mm) => slabRange(plane, slice, { kind: 'mip', mm });
  assert.deepEqual(range(50, 10), [49, 52]);
  assert.deepEqual(range(0, 10), [0, 2]);
  assert.deepEqual(range(99, 10), [98, 99]);
  assert.deepEqual(range(50, 1), [50, 50]);
  assert.deepEqual(slabRange(plane, 50, { kind: 'none', mm: 60 }), [50, 50]);
});
