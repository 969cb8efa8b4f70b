import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FAR, LINE, leader, placeLabels, widthOf } from '../../lungcore/viewer/static/labels.js';

const STAGE = { width: 300, height: 300 };
const GAP = 7;

/** Numbers from 0 to 1 that a seed gives (Lehmer). */
function random(seed) {
  let state = seed * 7919 + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

function marksOf(seed, count, size = STAGE) {
  const next = random(seed);
  return Array.from({ length: count }, () => {
    const radius = 1 + 15 * next();
    return { x: next() * size.width, y: next() * size.height, radiusX: radius, radiusY: radius };
  });
}

const place = (marks, width = 90) => placeLabels(marks, marks.map(() => width), marks.map(() => GAP), STAGE);
const outlineOf = ({ x, y, radiusX, radiusY }) => ({ left: x - radiusX, top: y - radiusY, width: 2 * radiusX, height: 2 * radiusY });
const isOnStage = ({ left, top, width, height }) => left >= 0 && top >= 0 && left + width <= STAGE.width && top + height <= STAGE.height;
/** How far a box is from the edge of an outline's box. */
function away(mark, { left, top, width, height }) {
  const dx = Math.max(left - mark.x - mark.radiusX, mark.x - mark.radiusX - left - width, 0);
  const dy = Math.max(top - mark.y - mark.radiusY, mark.y - mark.radiusY - top - height, 0);
  return Math.hypot(dx, dy);
}

test('a label alone stands at the right, or at the left where there is no room', () => {
  const mark = { x: 100, y: 100, radiusX: 10, radiusY: 10 };
  assert.deepEqual(place([mark]), [{ left: 117, top: 92.5, width: 90, height: LINE, isMoved: false }]);
  assert.equal(place([{ ...mark, x: 250 }])[0].left, 250 - 17 - 90);
});

/** Every place that a label may have, one by one, from the best on. */
function* spots({ x, y, radiusX, radiusY }, width) {
  const reach = radiusX + GAP;
  const box = { width, height: LINE };
  for (let line = 0; line <= FAR; line++) {
    for (const way of line ? [-1, 1] : [1]) {
      const top = y - LINE / 2 + way * line * LINE;
      yield { ...box, left: x + reach, top };
      yield { ...box, left: x - reach - width, top };
      if (line * LINE >= radiusY + GAP + LINE / 2) yield { ...box, left: x - width / 2, top };
    }
  }
}

const overlap = (a, b) =>
  a.left < b.left + b.width && b.left < a.left + a.width && a.top + 0.01 < b.top + b.height && b.top + 0.01 < a.top + a.height;

test('labels cover neither each other nor outlines where room is left', () => {
  for (let seed = 0; seed < 200; seed++) {
    const marks = marksOf(seed, 1 + (seed % 12));
    const found = place(marks);
    found.forEach((spot, i) => {
      const before = found.slice(0, i);
      const free = [...spots(marks[i], 90)].filter((one) => isOnStage(one) && !before.some((other) => overlap(one, other)));
      const clear = free.filter((one) => !marks.some((mark, j) => j !== i && overlap(one, outlineOf(mark))));
      assert.equal(before.some((other) => overlap(spot, other)) && free.length > 0, false, `seed ${seed}`);
      const wanted = clear[0] ?? free[0];
      if (wanted) assert.ok(Math.hypot(spot.left - wanted.left, spot.top - wanted.top) < 1e-6, `seed ${seed}: the best that is free`);
      assert.ok(away(marks[i], spot) <= FAR * LINE + GAP + LINE, `seed ${seed}`);
    });
  }
});

test('twelve findings in one spot of a small pane are all told apart, near to it', () => {
  const found = place(Array.from({ length: 12 }, (_, i) => ({ x: 150 + i, y: 150, radiusX: 5, radiusY: 5 })));
  for (const [i, spot] of found.entries()) {
    assert.ok(isOnStage(spot));
    assert.ok(!found.slice(0, i).some((other) => overlap(other, spot)));
    assert.ok(Math.abs(spot.top + LINE / 2 - 150) <= 4 * LINE, 'no further than the others make it go');
  }
});

test('where no room is left a label stands beside its outline all the same', () => {
  const found = placeLabels([{ x: 5, y: 5, radiusX: 2, radiusY: 2 }], [90], [GAP], { width: 20, height: 10 });
  assert.deepEqual(found, [{ left: 5 - 9 - 90, top: -2.5, width: 90, height: LINE, isMoved: false }]);
});

test('a leader goes from the outline to the near edge of its label', () => {
  const mark = { x: 100, y: 100, radiusX: 10, radiusY: 20 };
  assert.deepEqual(leader(mark, { left: 50, top: 150, width: 100, height: LINE, isMoved: true }), { x1: 100, y1: 120, x2: 100, y2: 150 });
  const above = leader(mark, { left: 140, top: 40, width: 90, height: LINE, isMoved: true });
  assert.deepEqual([above.x2, above.y2], [140, 55]);
  assert.ok(Math.abs(Math.hypot((above.x1 - 100) / 10, (above.y1 - 100) / 20) - 1) < 1e-9);
});

test('a text is as wide as its letters, Chinese ones wider', () => {
  assert.equal(widthOf('8.0 mm'), 42 + 4);
  assert.equal(widthOf('王医生：8.0 mm'), 4 * 12 + 42 + 4);
});
