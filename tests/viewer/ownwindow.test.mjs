import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { rememberedWindow, rememberWindow } from '../../lungcore/viewer/static/ownwindow.js';
import { LIMITS, WIDE, dragged } from '../../lungcore/viewer/static/window.js';

const kept = new Map();

beforeEach(() => {
  kept.clear();
  const localStorage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
  Object.defineProperty(globalThis, 'localStorage', { value: localStorage, configurable: true });
});

test('the window set last is there again', () => {
  assert.deepEqual(rememberedWindow(), WIDE);
  rememberWindow({ center: -450, width: 900 });
  assert.deepEqual(rememberedWindow(), { center: -450, width: 900 });
});

test('what is no window is not taken', () => {
  const bad = ['', 'null', '[]', '{"center":1}', '{"center":0,"width":0}', '{"center":0.5,"width":9}', '{"center":"0","width":"9"}'];
  for (const text of bad) {
    kept.set('lungcore.window', text);
    assert.deepEqual(rememberedWindow(), WIDE, text);
  }
});

test('a browser that keeps nothing has the wide one', () => {
  const refuse = () => {
    throw new Error('closed');
  };
  Object.defineProperty(globalThis, 'localStorage', { value: { getItem: refuse, setItem: refuse } });
  rememberWindow({ center: 1, width: 2 });
  assert.deepEqual(rememberedWindow(), WIDE);
});

test('a drag stays within what can be typed', () => {
  for (let i = 0; i < 200; i++) {
    const [dx, dy] = [Math.random(), Math.random()].map((share) => (share - 0.5) * 1e4);
    const found = dragged({ center: 40, width: 400 }, dx, dy);
    for (const name of ['center', 'width']) {
      assert.ok(Number.isInteger(found[name]) && found[name] >= LIMITS[name].min && found[name] <= LIMITS[name].max);
    }
  }
});
