// Buttons that do a named action and say its key.

import { element } from './dom.js';
import { KEY_CAPS } from './keys.js';

/** @typedef {import('./actions.js').Actions} Actions */
/** @typedef {import('./texts.js').Translate} Translate */

/**
 * A button for an action, with its key behind the text.
 * @param {string} action @param {Actions} actions @param {Translate} t
 * @param {string} [className]
 */
export function actionButton(action, actions, t, className = 'lv-button') {
  const label = t(`action_${action}`);
  const cap = KEY_CAPS[action];
  const title = cap ? t('title_key', { label, key: cap }) : label;
  const attributes = { type: 'button', class: className, 'data-action': action, title };
  const button = element('button', { ...attributes, click: () => actions[action]() }, label);
  button.setAttribute('aria-label', label);
  if (cap) button.append(element('kbd', {}, cap.split(' ')[0]));
  return button;
}
