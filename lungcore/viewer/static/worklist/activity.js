// Uploads and imports as they go, one card each, until the user closes it.

import { isPassing } from '../retry.js';
import { ActivityCard } from './activitycard.js';
import { button } from './frame.js';
import { RequestError, ask, send } from './transfer.js';

/** @typedef {import('../texts.js').Translate} Translate */
/** @typedef {import('./worklist.js').Worklist} Worklist */

const POLL_MS = 500;
const LOST_MS = 3000;

/** The cards above the table. Jobs are found again after a reload of the page. */
export class Activity {
  /** @param {HTMLElement} slot @param {Translate} t @param {Worklist} list @param {number} account */
  constructor(slot, t, list, account) {
    this.slot = slot;
    this.t = t;
    this.list = list;
    this.stopped = false;
    this.key = `lungcore.worklist.jobs.${account}`;
  }

  stop() {
    this.stopped = true;
  }

  resume() {
    for (const job of this.keptJobs()) this.watch(job, this.card(), false);
  }

  /** Upload files, then watch their import. @param {import('./transfer.js').Item[]} items */
  async upload(items) {
    if (items.length === 0) return;
    const card = this.card();
    const stop = new AbortController();
    const size = items.reduce((sum, { file }) => sum + file.size, 0);
    /** @param {number} done @param {number} sent */
    const show = (done, sent) => {
      const values = { n: items.length, done, sent: megabytes(sent), size: megabytes(size) };
      card.progress(this.t('uploading', values), size ? sent / size : 1);
    };
    show(0, 0);
    card.actions(button(this.t('cancel'), () => stop.abort(), { 'data-action': 'cancel' }));
    window.addEventListener('beforeunload', hold);
    try {
      this.follow(await send(items, show, stop.signal), card);
    } catch (problem) {
      if (stop.signal.aborted) card.remove();
      else card.fail(this.t('upload_failed', { problem: this.words(problem) }));
    } finally {
      window.removeEventListener('beforeunload', hold);
    }
  }

  async phantom() {
    const card = this.card();
    try {
      this.follow((await ask('api/phantom', { method: 'POST' })).job_id, card);
    } catch (problem) {
      card.fail(this.t('import_failed', { problem: this.words(problem) }));
    }
  }

  /** @param {string} job @param {ActivityCard} card */
  follow(job, card) {
    this.keepJobs([...this.keptJobs(), job]);
    this.watch(job, card, true);
  }

  /** Poll a job until it ends. @param {string} job @param {ActivityCard} card @param {boolean} isNew since the page was loaded */
  async watch(job, card, isNew) {
    card.closing = () => this.keepJobs(this.keptJobs().filter((kept) => kept !== job));
    const cancel = () => ask(`api/jobs/${job}`, { method: 'DELETE' }).catch(() => {});
    card.actions(button(this.t('cancel'), cancel, { 'data-action': 'cancel' }));
    let isOlder = isNew; // the rows on the page are older than the end of the job
    while (!this.stopped) {
      try {
        const status = await ask(`api/jobs/${job}`);
        if (status.state !== 'queued' && status.state !== 'running') {
          this.ended(job, status, card);
          if (isOlder) this.list.refresh();
          return;
        }
        isOlder = true;
        card.progress(status.step || this.t('waiting'), status.fraction);
        await pause(POLL_MS);
      } catch (problem) {
        if (problem instanceof RequestError && !isPassing(problem.status)) {
          card.remove(); // a job of another time or account
          return;
        }
        await pause(LOST_MS);
      }
    }
  }

  /** @param {string} job @param {any} status @param {ActivityCard} card */
  ended(job, status, card) {
    if (status.state === 'done') card.report(status.report, (uid) => this.list.open(uid));
    else if (status.state === 'cancelled') card.fail(this.t('import_cancelled'));
    else {
      card.fail(this.t('import_failed', { problem: status.error }));
      card.addAction(button(this.t('try_again'), () => this.retry(job, card), { 'data-action': 'retry' }));
    }
  }

  /** @param {string} job @param {ActivityCard} failed */
  async retry(job, failed) {
    try {
      const again = await ask(`api/jobs/${job}`, { method: 'POST' });
      failed.remove();
      this.follow(again.job_id, this.card());
    } catch (problem) {
      failed.fail(this.t('import_failed', { problem: this.words(problem) }));
    }
  }

  card() {
    return new ActivityCard(this.slot, this.t);
  }

  /** @returns {string[]} */
  keptJobs() {
    return JSON.parse(sessionStorage.getItem(this.key) ?? '[]');
  }

  /** @param {string[]} jobs */
  keepJobs(jobs) {
    sessionStorage.setItem(this.key, JSON.stringify(jobs));
  }

  /** @param {unknown} problem */
  words(problem) {
    const isTold = problem instanceof RequestError && problem.status !== 0;
    return isTold ? problem.message : this.t('connection_lost');
  }
}

/** Ask before the page is left: the browser would stop sending. @param {BeforeUnloadEvent} event */
function hold(event) {
  event.preventDefault();
}

/** @param {number} bytes */
function megabytes(bytes) {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
