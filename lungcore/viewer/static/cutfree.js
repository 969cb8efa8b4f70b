// What a click reached, without the vessels and the wall that it hangs on. Pure functions.

import { distances } from './distance.js';
import { flood, indexOf, placesNear } from './region.js';

/**
 * @typedef {import('./grow.js').Box} Box
 */

const SNAP_MM = 3;
const TWIG = 0.35; // of the depth of the nodule: what is thinner is cut off
const NECK = 0.85; // of the depth: a neck wider than this cannot be told from the nodule
const FITTED = 1.08; // of the radius of the ball that then bounds it
const IN_REACH = 0.9; // of the box's reach: what leads farther leads away from the nodule
const RAYS = 200;
const RAY_STEP_MM = 0.25;

/**
 * The region without what leads out of reach: eroded until the way out breaks, and grown back by as
 * much (after Kuhnigk et al., IEEE Trans Med Imaging 25:417-434, 2006). Where the way out is as wide
 * as the nodule, on the pleura, a ball fitted to its free surface bounds it.
 * @param {Box} box @param {number} seed @param {Float32Array} depth mm to the outside
 * @param {Uint8Array} region @returns {Uint8Array}
 */
export function cutFree(box, seed, depth, region) {
  const top = summit(box, seed, depth);
  const neck = neckOf(box, seed, top, depth);
  if (neck > NECK * depth[top]) return inFittedBall(box, seed, region);
  const cut = Math.max(neck, TWIG * depth[top]);
  const core = flood(box.shape, top, (i) => depth[i] > cut);
  const away = distances(box.shape, box.spacing, (i) => core[i] === 1);
  return region.map((value, i) => (value && away[i] <= cut + Math.min(...box.spacing) / 2 ? 1 : 0));
}

/** The deepest place that climbing from the click leads to, no farther than the click lies deep. @param {Box} box @param {number} seed @param {Float32Array} depth */
function summit(box, seed, depth) {
  const near = placesNear(box, seed, Math.max(depth[seed], SNAP_MM));
  const joined = new Set(near);
  const reached = flood(box.shape, seed, (i) => joined.has(i) && depth[i] >= depth[seed]);
  return near.reduce((best, i) => (reached[i] && depth[i] > depth[best] ? i : best), seed);
}

/** How wide the widest way from `top` out of reach is at its narrowest, in mm of depth; 0: none. @param {Box} box @param {number} seed @param {number} top @param {Float32Array} depth */
function neckOf(box, seed, top, depth) {
  const inReach = new Uint8Array(depth.length);
  const [, rows, columns] = box.shape;
  for (const i of placesNear(box, seed, IN_REACH * box.reach_mm)) {
    const row = Math.floor(i / columns) % rows;
    const column = i % columns;
    if (row > 0 && column > 0 && row < rows - 1 && column < columns - 1) inReach[i] = 1;
  }
  let [low, high] = [0, depth[top]];
  while (high - low > Math.max(0.02 * depth[top], 0.1)) {
    const middle = (low + high) / 2;
    const joined = flood(box.shape, top, (i) => depth[i] > middle);
    if (joined.some((value, i) => value && !inReach[i])) low = middle;
    else high = middle;
  }
  return low > 0 ? high : 0;
}

/** @param {Box} box @param {number} seed @param {Uint8Array} region @returns {Uint8Array} */
function inFittedBall(box, seed, region) {
  const { center, radius_mm } = fitBall(freeSurface(box, seed, region));
  return region.map((value, i) => {
    if (!value) return 0;
    const at = indexOf(box.shape, i).map((voxels, axis) => voxels * box.spacing[axis]);
    return Math.hypot(...at.map((mm, axis) => mm - center[axis])) <= FITTED * radius_mm ? 1 : 0;
  });
}

/** Where rays from the click leave the region, but for those that go on for long. @param {Box} box @param {number} seed @param {Uint8Array} region */
function freeSurface(box, seed, region) {
  const from = indexOf(box.shape, seed).map((voxels, axis) => voxels * box.spacing[axis]);
  const rays = directions(RAYS).map((direction) => ({ direction, mm: exit(box, from, direction, region) }));
  const left = rays.filter(({ mm }) => mm < box.reach_mm);
  const typical = left.map(({ mm }) => mm).sort((a, b) => a - b)[left.length >> 1];
  return left
    .filter(({ mm }) => mm <= 1.5 * typical)
    .map(({ direction, mm }) => from.map((start, axis) => start + mm * direction[axis]));
}

/** @param {Box} box @param {number[]} from @param {number[]} direction @param {Uint8Array} region */
function exit({ shape, spacing, reach_mm }, from, direction, region) {
  for (let mm = RAY_STEP_MM; mm < reach_mm; mm += RAY_STEP_MM) {
    const [s, r, c] = from.map((start, axis) => Math.round((start + mm * direction[axis]) / spacing[axis]));
    if (s < 0 || r < 0 || c < 0 || s >= shape[0] || r >= shape[1] || c >= shape[2]) return Infinity;
    if (!region[(s * shape[1] + r) * shape[2] + c]) return mm;
  }
  return Infinity;
}

/** Evenly over the sphere, by the golden angle. @param {number} n */
function directions(n) {
  return Array.from({ length: n }, (_, i) => {
    const z = 1 - (2 * i + 1) / n;
    const angle = i * Math.PI * (3 - Math.sqrt(5));
    const across = Math.sqrt(1 - z * z);
    return [z, across * Math.sin(angle), across * Math.cos(angle)];
  });
}

/**
 * The ball whose surface lies nearest to points, by linear least squares of
 * |p|² = 2 p·centre + (radius² - |centre|²). @param {number[][]} points
 */
function fitBall(points) {
  const rows = points.map((p) => [2 * p[0], 2 * p[1], 2 * p[2], 1]);
  const right = points.map((p) => p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
  const normal = [0, 1, 2, 3].map((i) => [
    ...[0, 1, 2, 3].map((j) => rows.reduce((sum, row) => sum + row[i] * row[j], 0)),
    rows.reduce((sum, row, k) => sum + row[i] * right[k], 0),
  ]);
  const [z, y, x, rest] = solved(normal);
  return { center: [z, y, x], radius_mm: Math.sqrt(Math.max(rest + z * z + y * y + x * x, 0)) };
}

/** Gauss and Jordan's elimination with pivots. @param {number[][]} rows each with its right side behind */
function solved(rows) {
  rows.forEach((_, i) => {
    const largest = rows.slice(i).reduce((best, row, k) => (Math.abs(row[i]) > Math.abs(rows[best][i]) ? i + k : best), i);
    [rows[i], rows[largest]] = [rows[largest], rows[i]];
    rows[i] = rows[i].map((value) => value / rows[i][i]);
    rows.forEach((row, k) => {
      if (k !== i) rows[k] = row.map((value, j) => value - row[i] * rows[i][j]);
    });
  });
  return rows.map((row) => row[rows.length]);
}
