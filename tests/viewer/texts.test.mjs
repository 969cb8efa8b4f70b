import assert from 'node:assert/strict';
import { test } from 'node:test';

import { actionsOf } from '../../lungcore/viewer/static/actions.js';
import { CONTROL_KEYS, KEYS, KEY_CAPS, actionOf } from '../../lungcore/viewer/static/keys.js';
import { translator } from '../../lungcore/viewer/static/texts.js';

const t = translator({ slices: '{n} slices', slices_one: '1 slice', at: '{time}: {time}, {n}' });

test('placeholders are filled in, each time', () => {
  assert.equal(t('at', { time: '14:03', n: 2 }), '14:03: 14:03, 2');
});

test('one has its own form', () => {
  assert.equal(t('slices', { n: 1 }), '1 slice');
  assert.equal(t('slices', { n: 2 }), '2 slices');
  assert.equal(t('at', { time: 'x', n: 1 }), 'x: x, 1');
});

test('an unknown name and a missing value are errors', () => {
  assert.throws(() => t('nothing'), /no text named nothing/);
  assert.throws(() => t('slices', {}), /needs n/);
});

const press = (key, change = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...change });

test('keys act whatever their case; with Ctrl only undo and redo do', () => {
  assert.equal(actionOf(press('A')), 'accept');
  assert.equal(actionOf(press('PageDown')), 'page_on');
  assert.equal(actionOf(press('r', { ctrlKey: true })), null);
  assert.equal(actionOf(press('ä')), null);
  assert.equal(actionOf(press('z', { ctrlKey: true })), 'undo');
  assert.equal(actionOf(press('Z', { metaKey: true, shiftKey: true })), 'redo');
  assert.equal(actionOf(press('y', { ctrlKey: true })), 'redo');
  assert.equal(actionOf(press('z', { ctrlKey: true, altKey: true })), null);
});

test('Shift makes another key of some letters, and of the others none', () => {
  assert.equal(actionOf(press('W', { shiftKey: true })), 'window_type');
  assert.equal(actionOf(press('W')), 'next_study', 'as with caps lock');
  assert.equal(actionOf(press('A', { shiftKey: true })), 'accept');
  assert.equal(actionOf(press('ArrowUp', { shiftKey: true })), 'pan_up');
  assert.equal(actionOf(press('?', { shiftKey: true })), 'help');
  assert.equal(actionOf(press('s', { ctrlKey: true })), 'retry');
});

test('every action has a key, which the help page tells', () => {
  const keyed = new Set([KEYS, CONTROL_KEYS].flatMap((keys) => Object.values(keys)));
  assert.deepEqual(keyed, new Set(Object.keys(KEY_CAPS)));
  const actions = actionsOf(/** @type {any} */ ({ t: () => '', view: {} }));
  assert.deepEqual(new Set(Object.keys(actions)), keyed);
});
