// How the machine's search stands: its step and share while it runs, its reason when it failed.

import { element, set, write } from './dom.js';

/** @typedef {import('./review.js').Review} Review */
/** @typedef {import('./review.js').Detection} Detection */

const POLL_MS = 500;

/** @param {Detection} detection */
const isRunning = ({ state }) => state === 'queued' || state === 'running';

export class DetectionBox {
  /** @param {Review} review @param {AbortSignal} signal */
  constructor(review, signal) {
    this.review = review;
    const { t, api } = review;
    this.line = element('p', {});
    this.bar = element('progress', { max: 1, 'aria-label': t('detection_label') });
    const button = (/** @type {string} */ action, /** @type {() => Promise<any>} */ ask) =>
      element(
        'button',
        { type: 'button', class: 'lv-button', 'data-action': action, click: () => this.ask(ask) },
        t(`action_${action}`),
      );
    this.cancel = button('detection_cancel', () => api.cancelDetection());
    this.start = button('detection_start', () => api.startDetection());
    this.again = button('detection_again', () => api.startDetection());
    const row = element('div', { class: 'lv-row' }, this.cancel, this.start, this.again);
    this.node = element('section', { class: 'lv-detection' }, this.line, this.bar, row);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    signal.addEventListener('abort', () => clearTimeout(this.timer));
    this.watchOn();
  }

  /** Ask again soon, as long as it runs. */
  watchOn() {
    clearTimeout(this.timer);
    if (!isRunning(this.review.detection)) return;
    this.timer = setTimeout(() => this.ask(() => this.review.api.detection()), POLL_MS);
  }

  /** @param {() => Promise<import('./queue.js').Reply>} request */
  async ask(request) {
    const { review } = this;
    const wasRunning = isRunning(review.detection);
    const { status, body } = await request();
    if (review.api.stopped) return;
    if (body?.state) review.detection = body;
    else if (status !== 0) review.say(body?.error ?? review.t('error_status', { status }));
    if (wasRunning && review.detection.state === 'done') await this.takeFindings();
    review.invalidate();
    this.watchOn();
  }

  /** Show what was found. A reading that rests on an earlier detection keeps its findings. */
  async takeFindings() {
    const { review } = this;
    const begun = review.answer.reading.saved_at !== null;
    const before = review.findings.length;
    await review.reload();
    if (begun && before && review.findings.length === before) {
      review.say(review.t('notice_detected_anew'));
    }
  }

  draw() {
    const { state, step, fraction, error } = this.review.detection;
    const { t } = this.review;
    const running = isRunning(this.review.detection);
    const percent = Math.floor(fraction * 100);
    set(this.node, 'data-state', state);
    set(this.node, 'hidden', state === 'done');
    const word = t(`detection_${state}`);
    if (state === 'running') write(this.line, t('detection_step', { step: step || word, percent }));
    else write(this.line, error ? t('detection_error', { word, error }) : word);
    this.bar.value = fraction;
    set(this.bar, 'hidden', !running);
    set(this.cancel, 'hidden', !running);
    set(this.start, 'hidden', state !== 'none');
    set(this.again, 'hidden', state !== 'failed' && state !== 'cancelled');
  }
}
