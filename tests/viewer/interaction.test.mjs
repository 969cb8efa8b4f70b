import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Grid } from '../../lungcore/viewer/static/geometry.js';
import { listenToStage } from '../../lungcore/viewer/static/interaction.js';
import { View } from '../../lungcore/viewer/static/view.js';

const GRID = new Grid([100, 512, 512], [0, 0, 0.7, -170, 0, 0.7, 0, -160, 2.5, 0, 0, -340, 0, 0, 0, 1]);

/** A stage in add mode, what it saved, and a way to press, move and let go. */
function open() {
  const view = new View(GRID, []);
  view.stage = { width: 800, height: 600 };
  view.mode = 'add';
  const saved = [];
  const review = {
    view,
    grid: GRID,
    selected: null,
    findings: [],
    look: (change) => change(view),
    save: (kind, payload) => saved.push([kind, payload]),
  };
  const node = new EventTarget();
  Object.assign(node, {
    getBoundingClientRect: () => ({ left: 0, top: 0 }),
    focus: () => {},
    setPointerCapture: () => {},
  });
  listenToStage(review, {}, node, new AbortController().signal);
  const point = (type, clientX, clientY) =>
    node.dispatchEvent(Object.assign(new Event(type), { clientX, clientY, button: 0, pointerId: 1 }));
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
