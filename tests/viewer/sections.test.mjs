import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Grid } from '../../lungcore/viewer/static/geometry.js';
import { ORIENTATIONS, Plane } from '../../lungcore/viewer/static/plane.js';
import { sectionOf } from '../../lungcore/viewer/static/sections.js';
import { AXIAL, CORONAL } from './grids.mjs';

const SHAPE = [3, 4, 5];
const hu = (slice, row, column) => 100 * slice + 10 * row + column;

/** Stored slices of which `absent` is not here yet. */
function source(absent = -1) {
  return {
    slice: (slice) =>
      slice === absent
        ? null
        : Int16Array.from({ length: 20 }, (_, i) => hu(slice, Math.floor(i / 5), i % 5)),
  };
}

test('a section has the voxels that its plane says, however the series is stored', () => {
  // The last has its rows and columns changed about.
  for (const affine of [AXIAL, CORONAL, [0, 0.7, 0, 0, 0, 0, 0.7, 0, 2.5, 0, 0, 0, 0, 0, 0, 1]]) {
    for (const orientation of ORIENTATIONS) {
      const plane = new Plane(new Grid(SHAPE, affine), orientation);
      const room = new Int16Array(plane.width * plane.height);
      for (let slice = 0; slice < plane.count; slice++) {
        const voxels = sectionOf(source(), plane, slice, room);
        voxels.forEach((value, i) => {
          const point = { across: i % plane.width, down: Math.floor(i / plane.width) };
          assert.equal(value, hu(...plane.toIndex(slice, point)));
        });
      }
    }
  }
});

test('what is not here yet is black', () => {
  const [axial, coronal] = ORIENTATIONS.map((name) => new Plane(new Grid(SHAPE, AXIAL), name));
  assert.ok(sectionOf(source(1), axial, 1, new Int16Array(20)).every((value) => value === -32768));
  const voxels = sectionOf(source(1), coronal, 2, new Int16Array(15));
  assert.deepEqual([...voxels.slice(0, 5)], [20, 21, 22, 23, 24]);
  assert.ok(voxels.slice(5, 10).every((value) => value === -32768));
});
