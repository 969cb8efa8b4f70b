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
  const click = () => actions[action]();
  const names = { title, 'aria-label': label, 'data-action': action };
  const button = element('button', { type: 'button', class: className, ...names, click }, label);
  if (cap) button.append(element('kbd', {}, cap.split(' ')[0]));
  return button;
}
