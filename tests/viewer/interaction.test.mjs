import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Grid } from '../../lungcore/viewer/static/geometry.js';
import { listenToPane } from '../../lungcore/viewer/static/interaction.js';
import { View } from '../../lungcore/viewer/static/view.js';

const GRID = new Grid([100, 512, 512], [0, 0, 0.7, -170, 0, 0.7, 0, -160, 2.5, 0, 0, -340, 0, 0, 0, 1]);

/** A pane in a mode, what it saved, and a way to press, move and let go. */
function open(mode = 'add') {
  const view = new View(GRID, []);
  view.pane.resize({ width: 800, height: 600 });
  view.mode = mode;
  const saved = [];
  const review = {
    view,
    grid: GRID,
    selected: null,
    findings: [], shown: [],
    look: (change) => change(view),
    maskOf: () => null,
    saveDraft: (kind) => saved.push([kind, view.draft]),
  };
  const node = new EventTarget();
  Object.assign(node, {
    getBoundingClientRect: () => ({ left: 0, top: 0 }),
    focus: () => {},
    setPointerCapture: () => {},
  });
  listenToPane(review, {}, view.pane, node, new AbortController().signal);
  const point = (type, clientX, clientY, pointerId = 1) =>
    node.dispatchEvent(Object.assign(new Event(type), { clientX, clientY, button: 0, pointerId }));
  return { view, saved, point };
}

test('a mark is saved when the reader lets go', () => {
  const { view, saved, point } = open();
  point('pointerdown', 400, 300);
  point('pointermove', 420, 300);
  point('pointerup', 420, 300);
  assert.equal(saved[0][0], 'add');
  assert.equal(view.mode, 'read');
});

test('nothing is saved when the browser takes the gesture away', () => {
  const { view, saved, point } = open();
  point('pointerdown', 400, 300);
  point('pointermove', 420, 300);
  assert.notEqual(view.draft, null);
  point('pointercancel', 420, 300);
  assert.deepEqual(saved, []);
  assert.equal(view.draft, null);
});

test('one finger scrolls, a second one makes it a pinch', () => {
  const { view, saved, point } = open('read');
  const { number, camera } = view.pane;
  point('pointerdown', 400, 300);
  point('pointermove', 400, 325);
  assert.equal(view.pane.number, number + 5);
  point('pointerdown', 500, 325, 2);
  point('pointermove', 600, 325, 2);
  assert.equal(view.pane.number, number + 5);
  assert.ok(Math.abs(view.pane.camera.zoom - 2 * camera.zoom) < 1e-9);
  point('pointerup', 600, 325, 2);
  point('pointerup', 400, 325);
  assert.deepEqual(saved, []);
});

test('a second finger drops what the first was drawing', () => {
  const { view, saved, point } = open();
  point('pointerdown', 400, 300);
  point('pointermove', 420, 300);
  point('pointerdown', 500, 325, 2);
  point('pointerup', 500, 325, 2);
  point('pointerup', 420, 300);
  assert.equal(view.draft, null);
  assert.deepEqual(saved, []);
});

test('a click away from findings points the crosshair there', () => {
  const { view, point } = open('read');
  const before = view.pane.indexAt({ x: 300, y: 200 });
  point('pointerdown', 300, 200);
  point('pointerup', 300, 200);
  assert.deepEqual(view.crosshair, before);
});
