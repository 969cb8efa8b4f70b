// A series under review: what the server gave, what is being looked at, what is being saved.

import { studyAfter } from './ahead.js';
import { Grid } from './geometry.js';
import { Layers } from './layers.js';
import { othersOf, withDraft } from './marks.js';
import { Masks } from './masks.js';
import { newEvent, probable } from './model.js';
import { EventQueue } from './queue.js';
import { View } from './view.js';
import { Volume } from './volume.js';

/**
 * @typedef {import('./model.js').Answer} Answer
 * @typedef {import('./model.js').EventKind} EventKind
 * @typedef {import('./texts.js').Translate} Translate
 * @typedef {{job_id: string | null, state: string, step: string, fraction: number,
 *   error: string | null}} Detection
 * @typedef {{series_uid: string, patient_id: string, patient_name: string,
 *   patient_birth_date: string, patient_sex: string, study_date: string,
 *   study_description: string, series_description: string, slices: number, rows: number,
 *   columns: number, affine: number[], verdict: string, reasons: string[], phantom: boolean,
 *   slice_thickness_mm: number | null, convolution_kernel: string}} Series
 * @typedef {Answer & {series: Series, pixels: {chunks: number, chunk_slices: number, volume: string},
 *   also_read_by: {reader: string, signed_at: string | null,
 *     findings: import('./model.js').Finding[]}[], detection: Detection,
 *   worklist_url: string, may_mark: boolean,
 *   prior: {series_uid: string, study_date: string} | null, layers: import('./layers.js').LayerHeader[]}} Opened
 * @typedef {'help' | 'sign' | 'reopen' | 'merge'} DialogName
 */

export class Review {
  /**
   * @param {Opened} opened @param {import('./api.js').Api} api @param {Translate} t
   * @param {() => void} invalidate asks for a redraw
   */
  constructor(opened, api, t, invalidate) {
    this.opened = opened;
    this.series = opened.series;
    this.api = api;
    this.t = t;
    this.invalidate = invalidate;
    const { slices, rows, columns, affine } = opened.series;
    this.grid = new Grid([slices, rows, columns], affine);
    this.view = new View(this.grid, opened.findings);
    /** The plane whose slices were stored. */
    this.stored = Object.values(this.view.panes).map(({ plane }) => plane).find(({ isStored }) => isStored) ?? this.view.panes.axial.plane;
    this.detection = opened.detection;
    this.nextStudy = studyAfter(opened.series.series_uid);
    /** Whether its first slices wait in the browser. */
    this.isNextHere = false;
    this.notice = '';
    /** @type {DialogName | null} */
    this.dialog = null;
    /** How many changes the reader was last asked about. */
    this.askedFor = 0;
    /** Why pixels are missing, if they are. @type {import('./volume.js').VolumeProblem} */
    this.volumeProblem = null;
    /** @type {Answer} */
    this.answer = opened;
    const wait = (/** @type {number} */ ms) =>
      /** @type {Promise<void>} */ (new Promise((resolve) => setTimeout(resolve, ms)));
    this.masks = new Masks({
      get: (id) => api.mask(id, opened.pixels.volume),
      post: (data) => api.addMask(data),
      onChange: () => this.invalidate(),
      wait,
    });
    /** The outline of a finding, once it is here, or null. @param {import('./shapes.js').Finding} finding */
    this.maskOf = (finding) => finding.drawn ?? this.masks.of(finding.mask);
    this.queue = new EventQueue(opened, {
      send: async (made) => {
        const { event, refused } = await this.masks.settled(made);
        return refused ?? api.addEvent(event);
      },
      wait,
      onChange: () => this.takeAnswer(),
    });
    /** What `shown` gave last: the same list while nothing changes. */
    this.last = { findings: opened.findings, least: 0, shown: opened.findings };
    this.hasAskedOthers = opened.reading.signed;
    /** What other readers marked; nothing before both have signed. */
    this.others = othersOf(opened);
    this.layers = this.openLayers(opened);
    this.volume = this.openVolume();
  }

  openVolume() {
    const worker = new Worker(new URL('./decoder.js', import.meta.url), { type: 'module' });
    const volume = new Volume(this.grid, this.opened.pixels, {
      worker,
      url: (number) => this.api.chunkUrl(number, this.opened.pixels.volume),
      onChange: () => this.invalidate(),
      onProblem: (problem) => {
        this.volumeProblem = problem;
        this.invalidate();
      },
    });
    volume.lookAt(this.view.storedSlice);
    return volume;
  }

  /** @param {Opened} opened */
  openLayers({ layers }) {
    return new Layers(layers, this.api, () => this.invalidate());
  }

  /** Whether all voxels of a slice have come. @param {import('./plane.js').Plane} plane @param {number} slice */
  isHere(plane, slice) {
    return plane.isStored ? this.volume.slice(slice) !== null : this.volume.isWhole;
  }

  takeAnswer() {
    this.answer = this.queue.present;
    if (!this.selected) this.view.selected = null;
    if (this.signed) this.view.leaveMode();
    if (this.signed && !this.queue.pending.length && !this.hasAskedOthers) void this.askOthers();
    const waiting = this.queue.conflict?.events.length ?? 0;
    if (waiting > this.askedFor) this.dialog = 'merge';
    this.askedFor = waiting;
    this.invalidate();
  }

  /** What others marked is told once one has signed. */
  async askOthers() {
    this.hasAskedOthers = true;
    const { status, body } = await this.api.series();
    if (status === 200) this.others = othersOf(body);
    this.invalidate();
  }

  get findings() {
    return this.answer.findings;
  }

  /** The findings that are to be seen: the machine's from the probability asked for on. */
  get shown() {
    const { leastProbability: least } = this.view;
    const { findings, last } = this;
    if (last.findings !== findings || last.least !== least) {
      this.last = { findings, least, shown: probable(findings, least) };
    }
    return this.last.shown;
  }

  get signed() {
    return this.answer.reading.signed;
  }

  /** Where the prior stands beside this series; null where there is none. */
  get compareAddress() {
    const { prior } = this.opened;
    return prior && `compare?series=${this.series.series_uid}&prior=${prior.series_uid}`;
  }

  /** Whether what a form says would be saved. */
  get isOpen() {
    return this.mayMark && !this.signed && !this.queue.conflict;
  }

  /** Whether the account is one of a reader. */
  get mayMark() {
    return this.opened.may_mark;
  }

  /** The selected finding, if there is one. */
  get selected() {
    return this.findings.find((finding) => finding.finding_uid === this.view.selected) ?? null;
  }

  /** The selected finding as the drag under way would make it. */
  get drawnFinding() {
    const { selected, view } = this;
    return selected && withDraft([selected], view.draft && !view.draft.isNew ? view.draft : null)[0];
  }

  /** Change how the series is looked at. @param {(view: View) => void} change */
  look(change) {
    const before = this.view.storedSlice;
    change(this.view);
    const now = this.view.storedSlice;
    if (now !== before) this.volume.lookAt(now);
    this.invalidate();
  }

  /**
   * Save one event; it shows at once. While changes wait for a choice they are not shown, and what is
   * made beside them would say anew what they said: the reader is asked about them first.
   * @param {EventKind} kind @param {Record<string, any>} [payload]
   */
  save(kind, payload) {
    if (this.queue.conflict && kind !== 'reopen') return this.ask('merge');
    this.notice = '';
    this.queue.push(newEvent(kind, payload));
  }

  /** Save what a drag has drawn; nothing when it was dropped. @param {'edit' | 'add'} kind */
  saveDraft(kind) {
    const { draft } = this.view;
    if (!draft) return;
    const { isNew: _, drawn, ...shape } = draft;
    this.save(kind, drawn ? { ...shape, mask: this.masks.keep(drawn) } : shape);
    const saved = this.findings.find((finding) => finding.finding_uid === draft.finding_uid);
    this.look((view) => {
      view.draft = null;
      if (saved && view.selected !== saved.finding_uid) view.choose(saved);
    });
  }

  /** Open a dialog. @param {DialogName} name */
  ask(name) {
    this.dialog = name;
    this.invalidate();
  }

  /** Tell the reader something in the status line. @param {string} text */
  say(text) {
    this.notice = text;
    this.invalidate();
  }

  /** @param {string} uid */
  select(uid) {
    const finding = this.findings.find((one) => one.finding_uid === uid);
    this.notice = '';
    if (finding) this.look((view) => view.goTo(finding));
  }

  /** Load the findings again, after a detection. */
  async reload() {
    const { status, body } = await this.api.series();
    if (status !== 200) return;
    const nothingShown = this.findings.length === 0;
    this.detection = body.detection;
    this.queue.replace(body);
    this.layers = this.openLayers(body);
    if (nothingShown && this.findings.length) this.select(this.findings[0].finding_uid);
  }

  stop() {
    this.volume.stop();
    this.queue.stop();
    this.api.stop();
  }
}
