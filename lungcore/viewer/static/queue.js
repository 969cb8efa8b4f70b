// Events on their way to the server: one after the other, each until it is answered.

import { changes, merged } from './merging.js';
import { foretold } from './model.js';
import { isPassing, waitMs } from './retry.js';

/**
 * @typedef {import('./model.js').Answer} Answer
 * @typedef {import('./model.js').ReadingEvent} ReadingEvent
 * @typedef {{status: number, body: any}} Reply  status 0: no answer came
 * @typedef {ReadingEvent & Pick<import('./model.js').ReadingHead, 'reading_id' | 'version'>} Sent
 * @typedef {'saved' | 'saving' | 'error'} Saving
 * @typedef {{kind: 'offline' | 'signed_out' | 'elsewhere' | 'refused', text: string, n: number}} Problem
 *   elsewhere: the page is of another reading; text: what the server says of it; n: how many
 *   changes were given up
 * @typedef {{base: Answer, events: ReadingEvent[]}} Conflict  what is not saved, for the reading
 *   changed elsewhere; base: the reading that it was made on
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
    /** What waits for the reader's choice. @type {Conflict | null} */
    this.conflict = null;
    /** What `replace` was given while events were on their way. @type {Answer | null} */
    this.newest = null;
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
    if (this.problem || this.conflict) return 'error';
    return this.pending.length ? 'saving' : 'saved';
  }

  /** How many changes are not on the server. */
  get unsaved() {
    return this.pending.length + (this.conflict?.events.length ?? 0);
  }

  /** Save an event; in a conflict it waits with the others, but for a reopening. @param {ReadingEvent} event */
  push(event) {
    const waiting = event.kind === 'reopen' ? undefined : this.conflict?.events;
    (waiting ?? this.pending).push(event);
    this.use.onChange();
    return this.run();
  }

  /** Take the reading as it was on the server, unless an event was answered since. @param {Answer} answer */
  replace(answer) {
    this.newest = answer;
    this.catchUp();
    this.use.onChange();
  }

  /** While events are on their way, the server says at the next whether the reading has changed. */
  catchUp() {
    const { newest } = this;
    if (this.pending.length || !newest) return;
    const isSame = newest.reading.reading_id === this.answer.reading.reading_id;
    // What waits for a choice was made on this reading: the server tells at the next event.
    if (isSame ? newest.reading.version >= this.answer.reading.version : !this.conflict) this.answer = newest;
    this.newest = null;
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
      this.take(reply, event);
      this.catchUp();
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

  /** @param {Reply} reply @param {ReadingEvent} event what it answers */
  take({ status, body }, event) {
    this.problem = null;
    if (status === 200) {
      this.pending.shift();
      this.failures = 0;
      // Where more than this event came in, an answer was lost and others may have been faster.
      if (body.reading.version > this.answer.reading.version + 1) this.moveTo(body, after(this.answer, event));
      this.answer = body;
    } else if (status === 401 || status === 403) {
      this.problem = { kind: 'signed_out', text: '', n: 0 };
    } else if (status === 409) {
      if (body.reading.reading_id === this.answer.reading.reading_id) this.moveTo(body, this.answer);
      else this.leave(body.error);
      this.answer = body;
    } else if (isPassing(status)) {
      this.problem = { kind: 'offline', text: '', n: 0 };
      this.failures += 1;
    } else {
      this.giveUp('refused', body?.error ?? '');
    }
  }

  /**
   * The reading that events on their way were made on, `base`, is now `answer`. What the machine
   * found is nobody's decision: beside that alone they go on. Else the reader chooses.
   * @param {Answer} answer @param {Answer} base
   */
  moveTo(answer, base) {
    const { send, clashes, refused } = merged(base, answer, this.pending);
    const isFree = changes(base, answer).every(({ kind }) => kind === 'found');
    this.failures = 0;
    if (isFree && !this.conflict && !clashes.length && !refused.length) this.pending = send;
    else this.hold(base);
  }

  /** @param {Answer} base */
  hold(base) {
    if (!this.pending.length) return;
    const { base: older = base, events = [] } = this.conflict ?? {};
    this.conflict = { base: older, events: [...events, ...this.pending] };
    this.pending = [];
  }

  /**
   * What becomes of the conflict by the reader's choices; null where there is none.
   * @param {Record<string, import('./merging.js').Choice>} choices by subject
   */
  outcome(choices) {
    return this.conflict && merged(this.conflict.base, this.answer, this.conflict.events, choices);
  }

  /** End the conflict: send what is to be sent, and leave the rest. @param {ReadingEvent[]} events */
  resolve(events) {
    this.conflict = null;
    this.pending.push(...events);
    this.use.onChange();
    return this.run();
  }

  /**
   * Later events rest on the one that failed: all are dropped and the reader is told.
   * @param {Problem['kind']} kind @param {string} text
   */
  giveUp(kind, text) {
    const n = this.pending.length;
    this.pending = [];
    this.failures = 0;
    this.problem = { kind, text, n };
  }

  /** The page is of another reading: nothing that was made on this one goes there. @param {string} text */
  leave(text) {
    this.pending.unshift(...(this.conflict?.events ?? []));
    this.conflict = null;
    this.giveUp('elsewhere', text);
  }

  stop() {
    this.stopped = true;
  }
}

/** The reading after an event, as it was foretold. @param {Answer} answer @param {ReadingEvent} event @returns {Answer} */
function after(answer, event) {
  const then = foretold(answer, [event]);
  const isDecision = !['sign', 'reopen', 'undo', 'redo'].includes(event.kind);
  return isDecision ? { ...then, undo_target: event.event_uid, redo_target: null } : then;
}
