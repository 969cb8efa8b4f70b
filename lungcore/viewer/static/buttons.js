// Buttons that do a named action and say its key.

import { element } from './dom.js';
import { KEY_CAPS } from './keys.js';

/** @typedef {import('./actions.js').Actions} Actions */
/** @typedef {import('./texts.js').Translate} Translate */

/**
 * A button for an action, with its key behind the text.
 * @param {string} action @param {Actions} actions @param {Translate} t
 * @param {string} [className] @param {string} [sign] what it shows in place of both
 */
export function actionButton(action, actions, t, className = 'lv-button', sign = '') {
  const label = t(`action_${action}`);
  const cap = KEY_CAPS[action];
  const title = cap ? t('title_key', { label, key: cap }) : label;
  const click = () => actions[action]();
  const names = { title, 'aria-label': label, 'data-action': action };
  const button = element('button', { type: 'button', class: sign ? `${className} lv-sign` : className, ...names, click }, sign || label);
  if (cap && !sign) button.append(element('kbd', {}, cap.split(' ')[0].replace('Shift+', '⇧')));
  return button;
}
