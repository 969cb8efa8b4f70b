// Events on their way to the server: one after the other, each until it is answered.

import { foretold } from './model.js';
import { isPassing, waitMs } from './retry.js';

/**
 * @typedef {import('./model.js').Answer} Answer
 * @typedef {import('./model.js').ReadingEvent} ReadingEvent
 * @typedef {{status: number, body: any}} Reply  status 0: no answer came
 * @typedef {ReadingEvent & Pick<import('./model.js').ReadingHead, 'reading_id' | 'version'>} Sent
 * @typedef {'saved' | 'saving' | 'error'} Saving
 * @typedef {{kind: 'offline' | 'signed_out' | 'changed' | 'refused', text: string}} Problem
 *   text: what the server says of it
 */

export class EventQueue {
  /**
   * @param {Answer} answer the reading as loaded
   * @param {{send: (body: Sent) => Promise<Reply>, wait: (ms: number) => Promise<void>,
   *   onChange: () => void}} use
   */
  constructor(answer, use) {
    this.answer = answer;
    this.use = use;
    /** @type {ReadingEvent[]} */
    this.pending = [];
    /** @type {Problem | null} */
    this.problem = null;
    this.failures = 0;
    this.sending = false;
    this.stopped = false;
  }

  /** What the reader sees: the last answer and what is on its way. @returns {Answer} */
  get present() {
    return foretold(this.answer, this.pending);
  }

  /** @returns {Saving} */
  get saving() {
    if (this.problem) return 'error';
    return this.pending.length ? 'saving' : 'saved';
  }

  /** @param {ReadingEvent} event */
  push(event) {
    this.pending.push(event);
    this.use.onChange();
    return this.run();
  }

  /**
   * Take the reading as it was on the server, unless an event was answered since; what waits to be
   * sent stays. @param {Answer} answer
   */
  replace(answer) {
    if (answer.reading.version < this.answer.reading.version) return;
    this.answer = answer;
    this.use.onChange();
  }

  async run() {
    if (this.sending) return;
    this.sending = true;
    while (this.pending.length && !this.stopped) {
      const event = this.ready(this.pending[0]);
      // Whose reading it is, too: another account may have signed in on another tab.
      const { reading_id, version } = this.answer.reading;
      const reply = await this.use.send({ ...event, reading_id, version });
      if (this.stopped) break;
      this.take(reply);
      this.use.onChange();
      if (this.problem?.kind === 'signed_out') break;
      if (this.failures) await this.use.wait(waitMs(this.failures));
    }
    this.sending = false;
  }

  /** An undo and a redo learn only now what they mean: what went before is answered. @param {ReadingEvent} event */
  ready(event) {
    const { undo_target, redo_target } = this.answer;
    if (event.kind === 'undo') return { ...event, payload: { event_uid: undo_target } };
    if (event.kind === 'redo') return { ...event, payload: { event_uid: redo_target } };
    return event;
  }

  /** @param {Reply} reply */
  take({ status, body }) {
    this.problem = null;
    if (status === 200) {
      this.answer = body;
      this.pending.shift();
      this.failures = 0;
    } else if (status === 401 || status === 403) {
      this.problem = { kind: 'signed_out', text: '' };
    } else if (status === 409) {
      this.answer = body;
      this.giveUp('changed', body.error);
    } else if (isPassing(status)) {
      this.problem = { kind: 'offline', text: '' };
      this.failures += 1;
    } else {
      this.giveUp('refused', body?.error ?? '');
    }
  }

  /**
   * Later events rest on the one that failed: all are dropped and the reader is told.
   * @param {Problem['kind']} kind @param {string} text
   */
  giveUp(kind, text) {
    this.pending = [];
    this.failures = 0;
    this.problem = { kind, text };
  }

  stop() {
    this.stopped = true;
  }
}
