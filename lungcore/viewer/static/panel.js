// The findings at the right: what can be done with the selected one, and a card for each.

import { actionButton } from './buttons.js';
import { FindingCard } from './card.js';
import { Forms, isOfPanel } from './forms.js';
import { Toolbox } from './toolbox.js';
import { element, set, write } from './dom.js';
import { REASONS, tally } from './model.js';
import { reject } from './actions.js';
import { watch } from './watch.js';

/** @typedef {import('./review.js').Review} Review */
/** @typedef {import('./actions.js').Actions} Actions */

export class Panel {
  /** @param {Review} review @param {Actions} actions @param {Node} detection @param {Node} status */
  constructor(review, actions, detection, status) {
    this.review = review;
    const { t } = review;
    const buttons = (/** @type {string[]} */ ...names) =>
      element('div', { class: 'lv-row' }, ...names.map((name) => actionButton(name, actions, t)));
    this.tools = element(
      'div',
      { class: 'lv-tools' },
      buttons('accept', 'reject', 'edit'),
      buttons('add', 'undo', 'redo'),
    );
    this.toolbox = new Toolbox(review, actions);
    this.reasons = this.makeReasons();
    this.forms = new Forms(review, actions);
    this.count = element('h2', {});
    const steps = ['previous', 'next'].map((name) => actionButton(name, actions, t, 'lv-quiet'));
    this.heading = element('div', { class: 'lv-heading' }, this.count, ...steps);
    this.list = element('ul', { class: 'lv-cards' });
    this.empty = element('p', { class: 'lv-empty' }, t('findings_none'));
    this.node = element(
      'aside',
      { class: 'lv-panel', 'aria-label': t('findings_label') },
      detection,
      this.tools,
      this.toolbox.node,
      this.reasons,
      this.forms.node,
      this.heading,
      this.empty,
      this.list,
      status,
      element('p', { class: 'lv-disclaimer' }, t('disclaimer')),
    );
    /** @type {Map<string, FindingCard>} */
    this.cards = new Map();
    this.newFindings = watch();
    this.newSelection = watch();
  }

  makeReasons() {
    const { t } = this.review;
    const chips = REASONS.map((reason) => {
      const click = () => reject(this.review, reason);
      const attributes = { type: 'button', class: 'lv-chip', 'data-reason': reason, click };
      return element('button', attributes, t(`reason_${reason}`));
    });
    const label = t('reasons_label');
    return element('div', { class: 'lv-reasons', role: 'group', 'aria-label': label }, label, ...chips);
  }

  draw() {
    const { shown: findings, view, signed, answer, detection } = this.review;
    this.toolbox.draw();
    set(this.toolbox.node, 'hidden', isOfPanel(view.form)); // for the cards to have room
    this.forms.draw();
    if (this.newFindings(findings)) this.drawList();
    set(this.empty, 'hidden', findings.length > 0 || detection.state !== 'done');
    for (const card of this.cards.values()) card.draw();
    if (this.newSelection(findings, view.selected, view.mode, signed, answer.can_undo, answer.can_redo)) {
      this.drawTools();
      this.cards.get(view.selected ?? '')?.node.scrollIntoView({ block: 'nearest' });
    }
  }

  drawList() {
    const { shown: findings, t } = this.review;
    const uids = new Set(findings.map((finding) => finding.finding_uid));
    for (const uid of this.cards.keys()) if (!uids.has(uid)) this.cards.delete(uid);
    const nodes = findings.map((finding, i) => {
      const card = this.cards.get(finding.finding_uid) ?? new FindingCard(this.review);
      this.cards.set(finding.finding_uid, card);
      card.take(finding, i + 1);
      return card.node;
    });
    if (nodes.some((node, i) => this.list.children[i] !== node) || this.list.children.length !== nodes.length) {
      this.list.replaceChildren(...nodes);
    }
    const { machine } = tally(findings);
    write(this.count, t('findings_count', { n: findings.length, open: machine }));
    set(this.heading, 'hidden', findings.length === 0);
  }

  drawTools() {
    const { selected, signed, mayMark, view, answer } = this.review;
    const isOpen = mayMark && !signed;
    const able = {
      accept: isOpen && selected !== null,
      reject: isOpen && selected !== null,
      edit: isOpen && selected !== null,
      add: isOpen,
      undo: isOpen && answer.can_undo,
      redo: isOpen && answer.can_redo,
    };
    for (const [action, isAble] of Object.entries(able)) {
      const button = this.tools.querySelector(`[data-action=${action}]`);
      if (button) set(button, 'aria-disabled', isAble ? null : 'true');
      if (button && (action === 'edit' || action === 'add')) {
        set(button, 'aria-pressed', String(view.mode === action));
      }
    }
    const isRejected = selected?.state === 'rejected';
    set(this.reasons, 'hidden', !isOpen || !isRejected);
    for (const chip of this.reasons.querySelectorAll('button')) {
      set(chip, 'aria-pressed', String(chip.dataset.reason === selected?.reason));
    }
  }
}
