import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Grid, place, scaleBarMm, toPlane, toScreen, zoomAt } from '../../lungcore/viewer/static/geometry.js';
import { ORIENTATIONS, Plane } from '../../lungcore/viewer/static/plane.js';
import { AXIAL, CORONAL, PRONE, near, oblique } from './grids.mjs';

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

test('an index beyond the series is held within', () => {
  const grid = new Grid([100, 512, 512], AXIAL);
  assert.deepEqual(grid.within([-3, 600.5, 17.25]), [0, 511, 17.25]);
});

test('screen and plane go to and fro, and fit fits in millimetres', () => {
  const tall = [0, 0, 0.5, 0, 0, 1.0, 0, 0, 2.5, 0, 0, 0, 0, 0, 0, 1]; // rows twice as far apart
  const plane = new Plane(new Grid([10, 100, 100], tall), 'axial');
  const at = place(plane, { width: 600, height: 400 }, { zoom: 1, panX: 0, panY: 0 });
  assert.equal(at.pixelsPerMm, 4);
  assert.deepEqual(toScreen(at, { across: -0.5, down: -0.5 }), { x: 200, y: 0 });
  assert.deepEqual(toScreen(at, { across: 99.5, down: 99.5 }), { x: 400, y: 400 });
});

test('distances on the screen are those in the patient, askew as the grid may be', () => {
  const stage = { width: 700, height: 500 };
  const camera = { zoom: 1.7, panX: 12, panY: -30 };
  for (const affine of [AXIAL, CORONAL, PRONE, oblique()]) {
    for (const orientation of ORIENTATIONS) {
      const plane = new Plane(new Grid([40, 60, 80], affine), orientation);
      const at = place(plane, stage, camera);
      const [a, b] = [{ across: 3.5, down: 30 }, { across: 21, down: 7.25 }];
      const [p, q] = [toScreen(at, a), toScreen(at, b)];
      const [m, n] = [plane.toMm(5, a), plane.toMm(5, b)];
      const mm = Math.hypot(...m.map((value, i) => value - n[i]));
      near([Math.hypot(p.x - q.x, p.y - q.y)], [mm * at.pixelsPerMm], 1e-6);
      const back = toPlane(at, q);
      near([back.across, back.down], [21, 7.25], 1e-8);
    }
  }
});

test('zooming keeps what is under the pointer', () => {
  const plane = new Plane(new Grid([100, 512, 512], AXIAL), 'axial');
  const stage = { width: 900, height: 600 };
  const pointer = { x: 700, y: 120 };
  const before = { zoom: 1.3, panX: 40, panY: -25 };
  const after = zoomAt(before, stage, pointer, 1.25);
  const under = toPlane(place(plane, stage, before), pointer);
  const still = toPlane(place(plane, stage, after), pointer);
  near([still.across, still.down], [under.across, under.down]);
  assert.equal(zoomAt(before, stage, pointer, 1000).zoom, 20);
});

test('the scale bar is a round length that fits', () => {
  assert.equal(scaleBarMm(2, 120), 50);
  assert.equal(scaleBarMm(30, 120), 2);
  assert.equal(scaleBarMm(500, 120), 1);
});
