// Fields of forms: a label beside what is chosen or written.

import { element } from './dom.js';

/** @typedef {import('./said.js').Question} Question @typedef {import('./texts.js').Translate} Translate */

/**
 * A choice; its first is none.
 * @param {Question} question @param {Translate} t @param {(value: string) => void} choose
 */
export function choice({ name, values }, t, choose) {
  const options = values.map((value) => element('option', { value }, t(`value_${name}_${value}`)));
  const change = () => choose(input.value);
  const input = element('select', { name, change }, element('option', { value: '' }, t('unsaid')), ...options);
  return { input, node: element('label', { class: 'lv-field' }, element('span', {}, t(`ask_${name}`)), input) };
}

/**
 * A line of text, taken when it is left or with Enter.
 * @param {string} name @param {Translate} t @param {(value: string) => void} take
 */
export function line(name, t, take) {
  const change = () => take(input.value.trim());
  const input = element('input', { name, maxlength: 2000, autocomplete: 'off', change });
  return { input, node: element('label', { class: 'lv-field' }, element('span', {}, t(`ask_${name}`)), input) };
}

/** @param {string} name @param {Translate} t @param {(on: boolean) => void} take */
export function tick(name, t, take) {
  const change = () => take(input.checked);
  const input = element('input', { type: 'checkbox', name, change });
  return { input, node: element('label', { class: 'lv-tick' }, input, t(`ask_${name}`)) };
}

/** Show a value without moving the caret of who writes. @param {HTMLInputElement | HTMLSelectElement} input @param {string} value */
export function show(input, value) {
  if (input.value !== value) input.value = value;
}
