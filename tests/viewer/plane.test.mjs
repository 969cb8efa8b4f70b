import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Grid, letter } from '../../lungcore/viewer/static/geometry.js';
import { ORIENTATIONS, Plane } from '../../lungcore/viewer/static/plane.js';
import { AXIAL, CORONAL, PRONE, near, oblique } from './grids.mjs';

const axial = (affine, shape = [100, 512, 512]) => new Plane(new Grid(shape, affine), 'axial');

test('the letters of the edges are the radiologists\', however the series is stored', () => {
  for (const affine of [AXIAL, CORONAL, PRONE]) {
    const [a, c, s] = ORIENTATIONS.map((name) => new Plane(new Grid([9, 10, 11], affine), name).letters());
    assert.deepEqual(a, { left: 'R', right: 'L', top: 'A', bottom: 'P' });
    assert.deepEqual(c, { left: 'R', right: 'L', top: 'H', bottom: 'F' });
    assert.deepEqual(s, { left: 'A', right: 'P', top: 'H', bottom: 'F' });
  }
  assert.equal(letter([0.2, -0.9, 0.3]), 'A');
});

test('a plane runs along the stored axes that fit it', () => {
  const ways = (affine) => ORIENTATIONS.map((name) => {
    const plane = new Plane(new Grid([9, 10, 11], affine), name);
    return [plane.count, plane.height, plane.width];
  });
  assert.deepEqual(ways(AXIAL), [[9, 10, 11], [10, 9, 11], [11, 9, 10]]);
  assert.deepEqual(ways(CORONAL), [[10, 9, 11], [9, 10, 11], [11, 10, 9]]);
});

test('a point of a plane and its index go to and fro', () => {
  for (const name of ORIENTATIONS) {
    const plane = new Plane(new Grid([9, 10, 11], AXIAL), name);
    const index = plane.toIndex(3, { across: 1.5, down: 6.25 });
    assert.deepEqual(plane.fromIndex(index), { slice: 3, point: { across: 1.5, down: 6.25 } });
    near(plane.toMm(3, { across: 1.5, down: 6.25 }), plane.grid.toMm(index));
  }
});

test('slices are numbered from the head, the front and the right', () => {
  const feetFirst = new Grid([9, 9, 9], AXIAL);
  const headFirst = new Grid([9, 9, 9], AXIAL.map((value, i) => (i === 8 ? -value : value)));
  for (const grid of [feetFirst, headFirst]) {
    const [a, c, s] = ORIENTATIONS.map((name) => new Plane(grid, name));
    assert.deepEqual(a.numberLetters(), { first: 'H', last: 'F' });
    assert.deepEqual(c.numberLetters(), { first: 'A', last: 'P' });
    assert.deepEqual(s.numberLetters(), { first: 'R', last: 'L' });
    for (let slice = 0; slice < 9; slice++) assert.equal(a.ofNumber(a.number(slice)), slice);
  }
  assert.deepEqual([axial(AXIAL, [9, 9, 9]).number(8), new Plane(headFirst, 'axial').number(0)], [1, 1]);
});

test('a slice lies where its middle does along the patient', () => {
  const grid = new Grid([100, 512, 512], AXIAL);
  near(ORIENTATIONS.map((name) => new Plane(grid, name).positionMm(10)), [-340 + 25, -160 + 7, -170 + 7]);
});

test('the section of a sphere is that of Pythagoras', () => {
  const plane = axial(AXIAL);
  const center_mm = plane.grid.toMm([50, 200, 300]);
  const at = (slice) => plane.section({ center_mm, diameter_mm: 20 }, slice);
  near([at(50).acrossMm, at(50).downMm, at(50).down, at(50).across], [10, 10, 200, 300], 1e-6);
  // Slice 52 is 5 mm away; its slab reaches to within 3.75 mm.
  near([at(52).acrossMm, at(52).awayMm], [Math.sqrt(100 - 3.75 ** 2), 3.75], 1e-6);
  assert.equal(at(48).acrossMm, at(52).acrossMm);
  assert.equal(at(55), null); // 11.25 mm away
});

test('the rim of a section lies on the ellipsoid, in every plane', () => {
  const grid = new Grid([100, 200, 300], [0, 0, 0.5, 3, 0, 0.8, 0, -4, 0.1, 0, 0, 50, 0, 0, 0, 1]);
  const axes_mm = [24, 18, 9]; // along x, y and z
  const center_mm = grid.toMm([50, 100, 150]);
  for (const orientation of ORIENTATIONS) {
    const plane = new Plane(grid, orientation);
    const middle = plane.fromIndex([50, 100, 150]).slice;
    for (const away of [0, 3, -2]) {
      const section = plane.section({ center_mm, diameter_mm: 1, axes_mm }, middle + away);
      // The slab of a slice reaches half a step towards the centre.
      const slice = middle + Math.sign(away) * (Math.abs(away) - 0.5) * (away ? 1 : 0);
      for (const angle of [0, 1, 2.5]) {
        const across = section.across + (section.acrossMm / plane.acrossMm) * Math.cos(angle);
        const down = section.down + (section.downMm / plane.downMm) * Math.sin(angle);
        const rim = plane.toMm(slice, { across, down });
        const sum = rim.reduce((all, mm, i) => all + ((mm - center_mm[i]) / (axes_mm[i] / 2)) ** 2, 0);
        near([sum], [1], 1e-9);
      }
    }
  }
});

test('a small sphere between thick slices shows on one at least, whole', () => {
  const plane = axial(AXIAL);
  for (let slice = 10; slice < 11; slice += 0.05) {
    const center_mm = plane.grid.toMm([slice, 100, 100]);
    const shown = [9, 10, 11, 12].map((n) => plane.section({ center_mm, diameter_mm: 1 }, n)?.acrossMm ?? 0);
    assert.equal(Math.max(...shown), 0.5);
  }
});

test('under gantry tilt the section lies where the slice passes the centre', () => {
  const { grid, ...plane } = axial(oblique(), [40, 60, 80]);
  const center = grid.toMm([20.4, 30, 40]);
  const { down, across } = axial(oblique(), [40, 60, 80]).section({ center_mm: center, diameter_mm: 30 }, 22);
  const inPlane = grid.toMm([22, down, across]);
  const off = center.map((value, i) => value - inPlane[i]);
  for (const step of [grid.steps[1], grid.steps[2]]) {
    assert.ok(Math.abs(off[0] * step[0] + off[1] * step[1] + off[2] * step[2]) < 1e-8);
  }
  const [row, column] = [grid.steps[1], grid.steps[2]];
  const along = row.reduce((sum, mm, i) => sum + mm * column[i], 0) / Math.hypot(...column);
  near([plane.leanMm], [along]); // rows and columns are not quite at right angles here
});

test('the nearest slice stays within the series', () => {
  const plane = axial(AXIAL);
  assert.equal(plane.nearest(plane.grid.toMm([41.6, 0, 0])), 42);
  assert.equal(plane.nearest(plane.grid.toMm([-5, 0, 0])), 0);
  assert.equal(plane.nearest(plane.grid.toMm([500, 0, 0])), 99);
});
