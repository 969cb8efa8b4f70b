// Affines that the tests of the viewer share.

import assert from 'node:assert/strict';

// (slice, row, column, 1) to (x, y, z, 1): the usual axial series, feet first.
export const AXIAL = [0, 0, 0.7, -170, 0, 0.7, 0, -160, 2.5, 0, 0, -340, 0, 0, 0, 1];
export const CORONAL = [0, 0, 0.8, -200, 1.5, 0, 0, -100, 0, -0.8, 0, 50, 0, 0, 0, 1];
export const PRONE = [0, 0, -0.7, 170, 0, -0.7, 0, 160, 2.5, 0, 0, -340, 0, 0, 0, 1];

/** Rotated, sheared (gantry tilt) and anisotropic. */
export function oblique() {
  const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
  return [0.4, -0.6 * s, 0.9 * c, 12, 0.5, 0.6 * c, 0.9 * s, -7, 2.0, 0.1, 0.05, 99, 0, 0, 0, 1];
}

export function near(found, expected, tolerance = 1e-9) {
  found.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < tolerance, `${found} is not ${expected}`));
}
