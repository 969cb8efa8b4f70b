// The line of what lies over the slices and how thick they are: slab, cine, magnifier, layers.

import { actionButton } from './buttons.js';
import { element, set, toImages, write } from './dom.js';
import { LAYER_KINDS } from './layers.js';
import { SLAB_MM } from './slab.js';
import { heat } from './tint.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */
/** @typedef {import('./view.js').View} View */

const STEPS = 20; // of a slider from 0 to 1
const BAR = { width: 64, height: 10 };

export class Looks {
  /** @param {Review} review @param {import('./actions.js').Actions} actions */
  constructor(review, actions) {
    this.review = review;
    const { t } = review;
    const button = (/** @type {string} */ name) => actionButton(name, actions, t, 'lv-quiet');
    const names = ['slab', 'cine', 'lens', ...LAYER_KINDS.map((kind) => `layer_${kind}`), 'filter', 'theme'];
    this.buttons = Object.fromEntries(names.map((name) => [name, button(name)]));
    const { slab, cine, lens, filter, theme, ...layers } = this.buttons;
    this.slabText = element('span', { class: 'lv-value' });
    this.sliders = {
      slab: this.slider('slab', SLAB_MM.least, SLAB_MM.most, (view, mm) => {
        view.slab = { ...view.slab, mm };
      }),
      opacity: this.share('opacity', (view, opacity) => {
        view.layers = { ...view.layers, opacity };
      }),
      threshold: this.share('threshold', (view, threshold) => {
        view.layers = { ...view.layers, threshold };
      }),
      least: this.share('least', (view, least) => {
        view.leastProbability = least;
      }),
    };
    this.leastText = element('span', { class: 'lv-value' });
    this.top = element('span', { class: 'lv-value' });
    const { sliders } = this;
    const label = (/** @type {string} */ name, /** @type {Node[]} */ ...nodes) =>
      element('label', { class: 'lv-knob' }, t(`knob_${name}`), ...nodes);
    const step = (/** @type {string} */ name, /** @type {string} */ sign) => actionButton(name, actions, t, 'lv-quiet', sign);
    const [thinner, thicker] = [step('slab_thinner', '−'), step('slab_thicker', '+')];
    this.slabKnob = element('span', { class: 'lv-knob' }, thinner, label('slab', sliders.slab), thicker, this.slabText);
    const least = element('span', { class: 'lv-knob' }, filter, sliders.least, this.leastText);
    this.opacityKnob = label('opacity', sliders.opacity);
    const bar = element('span', { class: 'lv-bar-of-colours' }, '0', colourBar(), this.top);
    this.thresholdKnob = element('span', { class: 'lv-knob' }, label('threshold', sliders.threshold), bar);
    this.node = element(
      'div',
      { class: 'lv-footer lv-looks', role: 'toolbar', 'aria-label': t('looks_label') },
      ...[slab, this.slabKnob, cine, lens],
      ...[...Object.values(layers), this.opacityKnob, this.thresholdKnob],
      least,
      theme,
    );
    this.listen();
    this.changed = watch();
    this.opened = watch();
  }

  /** Escape leads back to the images from a slider. */
  listen() {
    this.node.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') toImages(this.node);
    });
    this.sliders.least.addEventListener('blur', () =>
      this.review.look((view) => {
        if (view.form === 'filter') view.form = null;
      }),
    );
  }

  /** @param {string} name @param {number} min @param {number} max @param {(view: View, value: number) => void} change */
  slider(name, min, max, change, step = 1) {
    const input = element('input', { type: 'range', min, max, step, name, 'aria-label': this.review.t(`knob_${name}`) });
    input.addEventListener('input', () => this.review.look((view) => change(view, Number(input.value))));
    return input;
  }

  /** @param {string} name @param {(view: View, value: number) => void} change */
  share(name, change) {
    return this.slider(name, 0, 1, change, 1 / STEPS);
  }

  draw() {
    const { view, layers, t } = this.review;
    if (this.opened(view.form) && view.form === 'filter') this.sliders.least.focus();
    const { slab, cine, lens, theme, leastProbability } = view;
    if (!this.changed(slab, cine, lens, theme, leastProbability, view.layers, layers)) return;
    const pressed = { slab: slab.kind !== 'none', cine, lens, theme: theme === 'light' };
    for (const [name, isPressed] of Object.entries(pressed)) {
      set(this.buttons[name], 'aria-pressed', String(isPressed));
    }
    for (const kind of LAYER_KINDS) {
      const button = this.buttons[`layer_${kind}`];
      set(button, 'aria-pressed', String(view.layers.shown[kind]));
      set(button, 'aria-disabled', layers.has(kind) ? null : 'true');
    }
    const { shown, opacity, threshold } = view.layers;
    set(this.slabKnob, 'hidden', slab.kind === 'none');
    set(this.opacityKnob, 'hidden', !Object.values(shown).some(Boolean));
    set(this.thresholdKnob, 'hidden', !shown.attribution);
    const values = { slab: slab.mm, opacity, threshold, least: leastProbability };
    for (const [name, input] of Object.entries(this.sliders)) {
      input.value = String(values[/** @type {keyof typeof values} */ (name)]);
    }
    write(this.slabText, t('slab_value', { kind: t(`slab_${slab.kind}`), mm: slab.mm }));
    write(this.leastText, leastProbability.toFixed(2));
    write(this.top, layers.top === null ? '' : layers.top.toPrecision(2));
  }
}

/** The colours of the heat map from nothing to the most. */
function colourBar() {
  const canvas = element('canvas', { ...BAR, 'aria-hidden': 'true' });
  const context = canvas.getContext('2d', { alpha: false });
  for (let x = 0; context && x < BAR.width; x++) {
    context.fillStyle = `rgb(${heat(x / (BAR.width - 1)).join(' ')})`;
    context.fillRect(x, 0, 1, BAR.height);
  }
  return canvas;
}
