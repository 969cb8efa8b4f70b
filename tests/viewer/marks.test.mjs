import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ellipsoidMask } from '../../lungcore/viewer/static/brush.js';
import { dayAndTime } from '../../lungcore/viewer/static/banner.js';
import { Grid, toScreen } from '../../lungcore/viewer/static/geometry.js';
import { gripAt, markAt, marksOf, withDraft } from '../../lungcore/viewer/static/marks.js';
import { addedFinding } from '../../lungcore/viewer/static/model.js';
import { personName } from '../../lungcore/viewer/static/names.js';
import { View } from '../../lungcore/viewer/static/view.js';

const GRID = new Grid([100, 512, 512], [0, 0, 0.7, -170, 0, 0.7, 0, -160, 2.5, 0, 0, -340, 0, 0, 0, 1]);
const at = (uid, index, diameter_mm) => addedFinding(uid, { center_mm: GRID.toMm(index), diameter_mm });

const noMask = () => null;

function look(findings) {
  const view = new View(GRID, findings);
  for (const pane of Object.values(view.panes)) pane.resize({ width: 800, height: 600 });
  return view;
}

test('the view opens on the first finding, or in the middle', () => {
  const view = look([at('1', [20, 200, 200], 8), at('2', [60, 10, 10], 8)]);
  assert.deepEqual([view.storedSlice, view.selected, view.pane.number], [20, '1', 80]);
  assert.deepEqual([look([]).storedSlice, look([]).selected], [50, null]);
});

test('numbers beyond the series show its ends', () => {
  const view = look([]);
  view.pane.showNumber(-7);
  assert.equal(view.storedSlice, 99);
  view.pane.showNumber(1000);
  assert.equal(view.storedSlice, 0);
});

test('only the circles of the slice shown are marks, where they lie on the screen', () => {
  const findings = [at('1', [20, 200, 300], 14), at('2', [60, 10, 10], 8)];
  const view = look(findings);
  const [mark, ...others] = marksOf(view.pane, findings, noMask);
  assert.deepEqual(others, []);
  const { x, y } = toScreen(view.pane.placement, { across: 300, down: 200 });
  assert.ok(Math.hypot(mark.x - x, mark.y - y) < 1e-6);
  assert.ok(Math.abs(mark.radiusX - 7 * view.pane.placement.pixelsPerMm) < 1e-6);
});

test('a finding is a mark in every pane in which it lies', () => {
  const findings = [at('1', [20, 200, 300], 14)];
  const view = look(findings);
  for (const pane of Object.values(view.panes)) {
    const [mark] = marksOf(pane, findings, noMask);
    assert.ok(Math.hypot(mark.x - pane.crosshair.x, mark.y - pane.crosshair.y) < 1e-6);
  }
});

test('going to a finding brings it onto every stage', () => {
  const view = look([]);
  const { coronal } = view.panes;
  coronal.zoom(8);
  view.goTo(at('1', [20, 40, 30], 8));
  const { x, y } = coronal.crosshair;
  assert.ok(Math.hypot(x - 400, y - 300) < 1e-6);
});

test('a pane with another size keeps what is in its middle', () => {
  const { pane } = look([]);
  pane.zoom(3, { x: 100, y: 500 });
  const before = pane.indexAt({ x: 400, y: 300 });
  pane.resize({ width: 300, height: 500 });
  const after = pane.indexAt({ x: 150, y: 250 });
  assert.ok(Math.hypot(...after.map((value, i) => value - before[i])) < 1e-9);
});

test('of circles one in the other, a pointer means the smaller', () => {
  const big = { finding: at('1', [0, 0, 0], 30), x: 100, y: 100, radiusX: 60, radiusY: 60 };
  const small = { finding: at('2', [0, 0, 0], 6), x: 110, y: 100, radiusX: 10, radiusY: 10 };
  assert.equal(markAt([big, small], { x: 112, y: 102 }), small);
  assert.equal(markAt([big, small], { x: 60, y: 100 }), big);
  assert.equal(markAt([big, small], { x: 300, y: 100 }), null);
});

test('an outlined finding is a mark where its mask lies, with a path around it', () => {
  const mask = ellipsoidMask([20, 200, 300], [3, 12, 6], GRID.shape);
  const finding = { ...at('1', [20, 200, 300], 99), mask: 'ab' };
  const view = look([finding]);
  for (const [name, across, down] of [['axial', 6, 12], ['coronal', 6, 3], ['sagittal', 12, 3]]) {
    const pane = view.panes[name];
    const [mark] = marksOf(pane, [finding], () => mask);
    assert.ok(Math.abs(mark.radiusX / Math.abs(pane.placement.scaleX) - across) <= 0.5, name);
    assert.ok(Math.abs(mark.radiusY / Math.abs(pane.placement.scaleY) - down) <= 0.5, name);
    assert.ok(Math.hypot(mark.x - pane.crosshair.x, mark.y - pane.crosshair.y) < 1e-6);
    assert.match(mark.path, /^(M[\d.]+ [\d.]+L[\d.]+ [\d.]+)+$/);
    assert.equal(gripAt(mark, mark), 'inside');
  }
  view.panes.axial.showNumber(view.panes.axial.number + 4);
  assert.deepEqual(marksOf(view.panes.axial, [finding], () => mask), []);
});

test('handles resize one axis, the rim all, the inside moves, also of a small circle', () => {
  const big = { finding: at('1', [0, 0, 0], 30), x: 100, y: 100, radiusX: 60, radiusY: 60 };
  assert.equal(gripAt(big, { x: 142, y: 142 }), 'rim');
  assert.equal(gripAt(big, { x: 158, y: 102 }), 'across');
  assert.equal(gripAt(big, { x: 99, y: 43 }), 'down');
  assert.equal(gripAt(big, { x: 130, y: 100 }), 'inside');
  assert.equal(gripAt(big, { x: 180, y: 100 }), null);
  const small = { ...big, radiusX: 4, radiusY: 4 };
  assert.equal(gripAt(small, { x: 101, y: 100 }), 'inside');
  assert.equal(gripAt(small, { x: 104, y: 100 }), 'across');
  assert.equal(gripAt(small, { x: 103, y: 103 }), 'rim');
});

test('the rim of a flat ellipse is near its outline', () => {
  const flat = { finding: at('1', [0, 0, 0], 30), x: 100, y: 100, radiusX: 80, radiusY: 20 };
  assert.equal(gripAt(flat, { x: 140, y: 117 }), 'rim');
  assert.equal(gripAt(flat, { x: 140, y: 100 }), 'inside');
  assert.equal(gripAt(flat, { x: 100, y: 135 }), null);
  assert.equal(markAt([flat], { x: 100, y: 160 }), null);
});

test('a draft stands in for its finding', () => {
  const findings = [at('1', [0, 0, 0], 5), at('2', [0, 0, 0], 6)];
  const draft = { finding_uid: '2', center_mm: [9, 9, 9], diameter_mm: 7 };
  const shown = withDraft(findings, draft);
  assert.deepEqual(shown[1], { ...findings[1], ...draft, drawn: undefined });
  assert.equal(shown[0], findings[0]);
  const more = withDraft(findings, { ...draft, finding_uid: '3', isNew: true });
  assert.deepEqual(more.map(({ finding_uid }) => finding_uid), ['1', '2', '3']);
  assert.equal(withDraft(findings, null), findings);
});

test('names and times as people write them', () => {
  assert.equal(personName('DOE^JANE^M'), 'DOE, JANE M');
  assert.equal(personName('Zhang^Xiaodong=张^小东='), 'Zhang, Xiaodong (张小东)');
  assert.equal(personName('张^小东'), '张小东');
  assert.equal(personName('PHANTOM'), 'PHANTOM');
  assert.equal(personName(''), '');
  assert.match(dayAndTime('2026-03-14T09:05:07Z'), /^2026-03-1[345] \d\d:05:07$/);
});
