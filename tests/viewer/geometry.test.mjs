import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  Grid,
  letter,
  place,
  scaleBarMm,
  toImage,
  toScreen,
  zoomAt,
} from '../../lungcore/viewer/static/geometry.js';

// (slice, row, column, 1) to (x, y, z, 1): the usual axial series, feet first.
const AXIAL = [0, 0, 0.7, -170, 0, 0.7, 0, -160, 2.5, 0, 0, -340, 0, 0, 0, 1];
const CORONAL = [0, 0, 0.8, -200, 1.5, 0, 0, -100, 0, -0.8, 0, 50, 0, 0, 0, 1];
const PRONE = [0, 0, -0.7, 170, 0, -0.7, 0, 160, 2.5, 0, 0, -340, 0, 0, 0, 1];

/** Rotated, sheared (gantry tilt) and anisotropic. */
function oblique() {
  const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
  return [0.4, -0.6 * s, 0.9 * c, 12, 0.5, 0.6 * c, 0.9 * s, -7, 2.0, 0.1, 0.05, 99, 0, 0, 0, 1];
}

function near(found, expected, tolerance = 1e-9) {
  found.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < tolerance, `${found} is not ${expected}`));
}

test('an index becomes a point by the affine', () => {
  const grid = new Grid([100, 512, 512], AXIAL);
  near(grid.toMm([0, 0, 0]), [-170, -160, -340]);
  near(grid.toMm([10, 100, 200]), [-170 + 140, -160 + 70, -340 + 25]);
});

test('points and indices go to and fro', () => {
  for (const affine of [AXIAL, CORONAL, PRONE, oblique()]) {
    const grid = new Grid([40, 60, 80], affine);
    for (const index of [[0, 0, 0], [3.25, 17.5, 61], [39, 59, 79], [-4, 100, -20]]) {
      near(grid.toIndex(grid.toMm(index)), index, 1e-8);
    }
  }
});

test('the letters of the edges', () => {
  const letters = (affine) => new Grid([9, 9, 9], affine).letters();
  assert.deepEqual(letters(AXIAL), { left: 'R', right: 'L', top: 'A', bottom: 'P' });
  assert.deepEqual(letters(CORONAL), { left: 'R', right: 'L', top: 'H', bottom: 'F' });
  assert.equal(letter([0.2, -0.9, 0.3]), 'A');
});

test('slices are numbered from the head, however they are stored', () => {
  const feetFirst = new Grid([9, 9, 9], AXIAL);
  const headFirst = new Grid([9, 9, 9], AXIAL.map((value, i) => (i === 8 ? -value : value)));
  for (const grid of [feetFirst, headFirst]) {
    assert.deepEqual(grid.numberLetters(), { first: 'H', last: 'F' });
    for (let slice = 0; slice < 9; slice++) assert.equal(grid.ofNumber(grid.number(slice)), slice);
  }
  assert.deepEqual([feetFirst.number(8), headFirst.number(0)], [1, 1]);
});

test('a series stored turned round is shown with the right of the patient at the left', () => {
  const grid = new Grid([9, 100, 100], PRONE);
  assert.deepEqual(grid.letters(), { left: 'R', right: 'L', top: 'A', bottom: 'P' });
  const at = place(grid, { width: 500, height: 500 }, { zoom: 1, panX: 0, panY: 0 });
  const first = toScreen(at, 0, 0);
  const last = toScreen(at, 99, 99);
  assert.ok(first.x > last.x && first.y > last.y);
});

test('the circle of a sphere is that of Pythagoras', () => {
  const grid = new Grid([100, 512, 512], AXIAL);
  const center = grid.toMm([50, 200, 300]);
  const at = (slice) => grid.circle(center, 20, slice);
  near([at(50).radius_mm, at(50).row, at(50).column], [10, 200, 300], 1e-6);
  // Slice 52 is 5 mm away; its slab reaches to within 3.75 mm.
  near([at(52).radius_mm, at(52).distance_mm], [Math.sqrt(100 - 3.75 ** 2), 3.75], 1e-6);
  assert.equal(at(48).radius_mm, at(52).radius_mm);
  assert.equal(at(55), null); // 11.25 mm away
});

test('a small sphere between thick slices shows on one at least, whole', () => {
  const grid = new Grid([100, 512, 512], AXIAL);
  for (let slice = 10; slice < 11; slice += 0.05) {
    const center = grid.toMm([slice, 100, 100]);
    const shown = [9, 10, 11, 12].map((n) => grid.circle(center, 1, n)?.radius_mm ?? 0);
    assert.equal(Math.max(...shown), 0.5);
  }
});

test('under gantry tilt the circle lies where the slice passes the centre', () => {
  const grid = new Grid([40, 60, 80], oblique());
  const center = grid.toMm([20.4, 30, 40]);
  const { row, column } = grid.circle(center, 30, 22);
  const inPlane = grid.toMm([22, row, column]);
  const off = center.map((value, i) => value - inPlane[i]);
  for (const step of [grid.steps[1], grid.steps[2]]) {
    assert.ok(Math.abs(off[0] * step[0] + off[1] * step[1] + off[2] * step[2]) < 1e-8);
  }
});

test('the nearest slice stays within the series', () => {
  const grid = new Grid([100, 512, 512], AXIAL);
  assert.equal(grid.nearestSlice(grid.toMm([41.6, 0, 0])), 42);
  assert.equal(grid.nearestSlice(grid.toMm([-5, 0, 0])), 0);
  assert.equal(grid.nearestSlice(grid.toMm([500, 0, 0])), 99);
});

test('screen and image go to and fro, and fit fits in millimetres', () => {
  const tall = [0, 0, 0.5, 0, 0, 1.0, 0, 0, 2.5, 0, 0, 0, 0, 0, 0, 1]; // rows twice as far apart
  const grid = new Grid([10, 100, 100], tall);
  const stage = { width: 600, height: 400 };
  const at = place(grid, stage, { zoom: 1, panX: 0, panY: 0 });
  assert.equal(at.pixelsPerMm, 4);
  assert.deepEqual(toScreen(at, -0.5, -0.5), { x: 200, y: 0 });
  assert.deepEqual(toScreen(at, 99.5, 99.5), { x: 400, y: 400 });
  const { row, column } = toImage(at, toScreen(at, 12.25, 71.5));
  near([row, column], [12.25, 71.5]);
});

test('zooming keeps what is under the pointer', () => {
  const grid = new Grid([100, 512, 512], AXIAL);
  const stage = { width: 900, height: 600 };
  const pointer = { x: 700, y: 120 };
  const before = { zoom: 1.3, panX: 40, panY: -25 };
  const after = zoomAt(before, stage, pointer, 1.25);
  const under = toImage(place(grid, stage, before), pointer);
  const still = toImage(place(grid, stage, after), pointer);
  near([still.row, still.column], [under.row, under.column]);
  assert.equal(zoomAt(before, stage, pointer, 1000).zoom, 20);
});

test('the scale bar is a round length that fits', () => {
  assert.equal(scaleBarMm(2, 120), 50);
  assert.equal(scaleBarMm(30, 120), 2);
  assert.equal(scaleBarMm(500, 120), 1);
});
