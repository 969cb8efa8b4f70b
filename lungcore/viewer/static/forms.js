// The two forms of the panel: one at a time, opened and left by keys.

import { actionButton } from './buttons.js';
import { element, set, toImages } from './dom.js';
import { LabelForm } from './labelform.js';
import { ScanForm } from './scanform.js';
import { watch } from './watch.js';

/**
 * @typedef {import('./review.js').Review} Review
 * @typedef {'label' | 'scan'} PanelForm
 * @typedef {PanelForm | 'window' | 'filter'} FormName  those in the footer too; filter: the slider
 */

export class Forms {
  /** @param {Review} review @param {import('./actions.js').Actions} actions */
  constructor(review, actions) {
    this.review = review;
    this.forms = { label: new LabelForm(review), scan: new ScanForm(review) };
    const names = /** @type {PanelForm[]} */ (['label', 'scan']);
    this.buttons = names.map((name) => actionButton(name, actions, review.t));
    this.node = element(
      'div',
      { class: 'lv-forms', keydown: (event) => this.leave(event), submit: (event) => event.preventDefault() },
      element('div', { class: 'lv-row' }, ...this.buttons),
      this.forms.label.node,
      this.forms.scan.node,
    );
    this.opened = watch();
  }

  /** Escape leads back to the images; what was written is taken first. @param {KeyboardEvent} event */
  leave(event) {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    toImages(this.node);
    this.review.look((view) => {
      view.form = null;
    });
  }

  draw() {
    const { view, selected } = this.review;
    for (const form of Object.values(this.forms)) form.draw();
    for (const button of this.buttons) {
      set(button, 'aria-expanded', String(view.form === button.dataset.action));
      if (button.dataset.action === 'label') set(button, 'aria-disabled', selected ? null : 'true');
    }
    if (!this.opened(view.form) || !isOfPanel(view.form)) return;
    /** @type {HTMLElement | null} */ (this.forms[view.form].node.querySelector('input, select'))?.focus();
  }
}

/** Whether a form stands in the panel. @param {FormName | null} name @returns {name is PanelForm} */
export function isOfPanel(name) {
  return name === 'label' || name === 'scan';
}

/** What opens and closes them. @param {Review} review @param {() => import('./model.js').Finding | null} subject */
export function formActions(review, subject) {
  const toggle = (/** @type {FormName} */ name) =>
    review.look((view) => {
      view.form = view.form === name ? null : name;
    });
  return {
    label: () => {
      if (review.view.form === 'label' || subject()) toggle('label');
    },
    scan: () => toggle('scan'),
    window_type: () => toggle('window'),
    filter: () => toggle('filter'),
  };
}
