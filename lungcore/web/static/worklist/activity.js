// Uploads and imports as they go, one card each, until the user closes it.
// @ts-check
import { button, element } from './dom.js';
import { ask, send } from './transfer.js';

const POLL_MS = 500;
const LOST_MS = 3000;
const LINES = 8;
const JOBS_KEY = 'lungcore.worklist.jobs';

/** The cards above the table. Running jobs are found again after a reload of the page. */
export class Activity {
  constructor(slot, t, changed, open) {
    this.slot = slot;
    this.t = t;
    this.changed = changed;
    this.open = open;
    this.gone = false;
  }

  destroy() {
    this.gone = true;
  }

  resume() {
    for (const job of this.kept()) this.watch(job, this.card());
  }

  /** Upload files, then watch their import. */
  async upload(files) {
    if (files.length === 0) return;
    const card = this.card();
    const stop = new AbortController();
    const size = files.reduce((sum, { file }) => sum + file.size, 0);
    const show = (done, sent) => card.progress(
      this.t('uploading', { n: files.length, done, sent: megabytes(sent), size: megabytes(size) }),
      size ? sent / size : 1);
    show(0, 0);
    card.actions(button(this.t('cancel'), () => stop.abort(), { 'data-action': 'cancel' }));
    try {
      this.follow(await send(files, show, stop.signal), card);
    } catch (problem) {
      if (stop.signal.aborted) card.remove();
      else card.fail(this.t('upload_failed', { problem: wordsOf(problem, this.t) }));
    }
  }

  async phantom() {
    const card = this.card();
    card.progress(this.t('waiting'), 0);
    try {
      this.follow((await ask('api/phantom', { method: 'POST' })).job_id, card);
    } catch (problem) {
      card.fail(this.t('import_failed', { problem: wordsOf(problem, this.t) }));
    }
  }

  follow(job, card) {
    this.keep([...this.kept(), job]);
    this.watch(job, card);
  }

  async watch(job, card) {
    card.closing = () => this.keep(this.kept().filter((kept) => kept !== job));
    card.actions(button(this.t('cancel'), () => ask(`api/jobs/${job}`, { method: 'DELETE' }), { 'data-action': 'cancel' }));
    while (!this.gone) {
      let status;
      try {
        status = await ask(`api/jobs/${job}`);
      } catch (problem) {
        if (problem instanceof TypeError) { // the network, not the server, said no
          await pause(LOST_MS);
          continue;
        }
        card.remove();
        return;
      }
      if (status.state === 'queued' || status.state === 'running') {
        card.progress(status.step || this.t('waiting'), status.fraction);
        await pause(POLL_MS);
        continue;
      }
      this.ended(job, status, card);
      return;
    }
  }

  ended(job, status, card) {
    if (status.state === 'done') card.report(status.report, this.open);
    else if (status.state === 'cancelled') card.fail(this.t('import_cancelled'));
    else {
      card.fail(this.t('import_failed', { problem: status.error }));
      card.actions(button(this.t('try_again'), async () => {
        const again = await ask(`api/jobs/${job}`, { method: 'POST' });
        card.remove();
        this.follow(again.job_id, this.card());
      }, { 'data-action': 'retry' }));
    }
    this.changed();
  }

  card() {
    return new Card(this.slot, this.t);
  }

  kept() {
    return JSON.parse(sessionStorage.getItem(JOBS_KEY) ?? '[]');
  }

  keep(jobs) {
    sessionStorage.setItem(JOBS_KEY, JSON.stringify(jobs));
  }
}

class Card {
  constructor(slot, t) {
    this.t = t;
    this.closing = () => {};
    this.line = element('span', { class: 'step' });
    this.fill = element('span', { class: 'fill' });
    this.track = element('span', { class: 'bar', role: 'progressbar', 'aria-valuemin': '0', 'aria-valuemax': '100' }, [this.fill]);
    this.buttons = element('span', { class: 'actions' });
    this.list = element('ul');
    this.root = element('div', { class: 'card', 'data-activity': 'running' }, [
      element('div', { class: 'row' }, [this.line, this.track, this.buttons]), this.list]);
    slot.append(this.root);
  }

  remove() {
    this.closing();
    this.root.remove();
  }

  progress(text, fraction) {
    const percent = Math.round(fraction * 100);
    this.line.textContent = text;
    this.fill.style.width = `${percent}%`;
    this.track.setAttribute('aria-valuenow', String(percent));
  }

  actions(...buttons) {
    this.buttons.replaceChildren(...buttons);
  }

  end(text, state) {
    this.line.textContent = text;
    this.track.remove();
    this.root.dataset.activity = state;
    this.actions(button(this.t('close'), () => this.remove(), { 'data-action': 'close' }));
  }

  fail(text) {
    this.end(text, 'failed');
  }

  report({ series, files }, open) {
    this.end(this.t('import_done'), 'done');
    this.list.append(...series.map((entry) => this.seriesLine(entry, open)));
    this.list.append(...files.slice(0, LINES).map(({ file, problem }) =>
      element('li', { class: 'problem' }, [element('b', {}, [file]), ` ${problem}`])));
    if (files.length > LINES) {
      this.list.append(element('li', { class: 'problem' }, [this.t('more_files', { n: files.length - LINES })]));
    }
  }

  seriesLine(entry, open) {
    const words = [this.t('slices', { n: entry.slices })];
    if (!entry.new) words.push(this.t('already_here'));
    const line = element('li', { 'data-series': entry.series_uid }, [
      element('span', { class: `word verdict-${entry.verdict}` }, [this.t(`verdict_${entry.verdict}`)]),
      ` ${[words.join(', '), ...entry.reasons].join('. ')} `,
    ]);
    if (entry.verdict !== 'refuse') line.append(button(this.t('open'), () => open(entry.series_uid), { class: 'quiet' }));
    return line;
  }
}

const megabytes = (bytes) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function wordsOf(problem, t) {
  const isLost = problem instanceof TypeError || problem.message === '';
  return isLost ? t('connection_lost') : problem.message;
}
