// One finding's card: a picture of it, its size, what the machine thinks, what the reader decided.

import { element, set, write } from './dom.js';
import { REASONS } from './model.js';
import { drawCrop } from './render.js';
import { sectionOf } from './sections.js';
import { PRESETS, fillTable } from './window.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */
/** @typedef {import('./model.js').Finding} Finding */

const THUMBNAIL_PIXELS = 128; // twice the size shown, for sharp screens
const SMALLEST_CROP_MM = 30;
const CROP_DIAMETERS = 2.5;

export class FindingCard {
  /** @param {Review} review */
  constructor(review) {
    this.review = review;
    const side = { width: THUMBNAIL_PIXELS, height: THUMBNAIL_PIXELS, 'aria-hidden': 'true' };
    this.picture = element('canvas', side);
    this.size = element('strong', {});
    this.state = element('span', { class: 'lv-state' });
    this.words = element('span', { class: 'lv-line' });
    this.said = element('span', { class: 'lv-line' });
    this.measured = element('span', { class: 'lv-line lv-dim' });
    this.malignancy = element('span', { class: 'lv-line' });
    this.rest = element('span', { class: 'lv-line lv-dim' });
    this.button = element(
      'button',
      { type: 'button', class: 'lv-card', click: () => this.select() },
      this.picture,
      element(
        'span',
        { class: 'lv-facts' },
        element('span', { class: 'lv-line' }, this.size, this.state),
        this.measured,
        this.words,
        this.said,
        this.malignancy,
        this.rest,
      ),
    );
    this.node = element('li', {}, this.button);
    /** @type {Finding | null} */
    this.finding = null;
    this.newPicture = watch();
  }

  select() {
    if (this.finding) this.review.select(this.finding.finding_uid);
  }

  /** @param {Finding} finding @param {number} number its place in the list, from 1 */
  take(finding, number) {
    this.finding = finding;
    const { t, view } = this.review;
    const { plane } = view.panes.axial;
    const { state, probability, malignancy, reason, words } = finding;
    write(this.measured, this.measuredText(finding));
    set(this.measured, 'hidden', finding.measured === null);
    set(this.button, 'data-finding', finding.finding_uid);
    set(this.button, 'data-state', state);
    write(this.size, t('card_size', { number, mm: finding.diameter_mm.toFixed(1) }));
    const word = t(`state_${state}`);
    const why = REASONS.includes(reason) ? t(`reason_${reason}`) : reason;
    write(this.state, why && state === 'rejected' ? t('card_rejected_for', { word, reason: why }) : word);
    write(this.words, words.map((word) => t(`word_${word}`)).join(t('word_and')));
    set(this.words, 'hidden', words.length === 0);
    write(this.said, this.saidText(finding));
    set(this.said, 'hidden', !finding.label);
    const rated = malignancy !== null;
    write(this.malignancy, rated ? t('card_malignancy', { value: malignancy.toFixed(2) }) : '');
    set(this.malignancy, 'hidden', !rated);
    const n = plane.number(plane.nearest(finding.center_mm));
    const rest =
      probability === null
        ? t('card_slice', { slice: n })
        : t('card_slice_probability', { slice: n, value: probability.toFixed(2) });
    write(this.rest, rest);
  }

  /** What the reader says of it, as far as the card has room. @param {Finding} finding */
  saidText({ label }) {
    if (!label) return '';
    const { t } = this.review;
    const { nodule_type, lobe, attributes } = label;
    const said = [
      nodule_type && t(`value_nodule_type_${nodule_type}`),
      lobe && t(`value_lobe_${lobe}`),
      attributes.malignancy && t('card_rated', { value: attributes.malignancy }),
    ];
    return said.filter(Boolean).join(' · ') || t('card_labelled');
  }

  /** @param {Finding} finding */
  measuredText({ measured }) {
    if (!measured) return '';
    const { long_mm, short_mm, volume_mm3 } = measured;
    const [long, short] = [long_mm, short_mm].map((mm) => mm.toFixed(1));
    return this.review.t('card_measured', { long, short, volume: Math.round(volume_mm3) });
  }

  draw() {
    const { finding, review } = this;
    if (!finding) return;
    const isSelected = finding.finding_uid === review.view.selected;
    set(this.button, 'aria-current', isSelected ? 'true' : null);
    const isHere = review.volume.slice(review.stored.nearest(finding.center_mm)) !== null;
    if (!this.newPicture(...finding.center_mm, finding.diameter_mm, isHere) || !isHere) return;
    this.drawPicture(finding);
  }

  /** On the slice as it was stored: the others may not be here yet. @param {Finding} finding */
  drawPicture(finding) {
    const context = this.picture.getContext('2d', { alpha: false });
    if (!context) return;
    const table = new Uint32Array(65536);
    fillTable(PRESETS.lung, table);
    const { grid, stored, volume } = this.review;
    const { slice, point } = stored.fromIndex(grid.toIndex(finding.center_mm));
    const room = new Int16Array(stored.width * stored.height);
    const voxels = sectionOf(volume, stored, stored.within(slice), room);
    const sideMm = Math.max(SMALLEST_CROP_MM, CROP_DIAMETERS * finding.diameter_mm);
    drawCrop(context, voxels, stored, point, sideMm, table);
  }
}
