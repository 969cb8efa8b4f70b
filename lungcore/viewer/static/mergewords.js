// Events and changes in words, each with the finding that it is about. Pure functions.

import { REASONS } from './model.js';

/**
 * @typedef {import('./model.js').Finding} Finding
 * @typedef {import('./model.js').ReadingEvent} ReadingEvent
 * @typedef {import('./texts.js').Translate} Translate
 */

/** A finding by its number in the list and its size. @param {Finding} finding @param {Finding[]} findings @param {Translate} t */
function named(finding, findings, t) {
  const number = findings.findIndex(({ finding_uid }) => finding_uid === finding.finding_uid) + 1;
  const mm = finding.diameter_mm.toFixed(1);
  return number ? t('finding_named', { number, mm }) : t('finding_gone', { mm });
}

/** What a reader did. @param {ReadingEvent} event @param {Finding[]} findings as they are listed @param {Translate} t */
export function eventWords({ kind, payload }, findings, t) {
  if (!payload.finding_uid) return t(`made_${kind}`);
  if (kind === 'add') return t('made_add', { about: t('finding_new', { mm: payload.diameter_mm.toFixed(1) }) });
  const found = findings.find(({ finding_uid }) => finding_uid === payload.finding_uid);
  return t(`made_${kind}`, { about: found ? named(found, findings, t) : t('finding_own') });
}

/** What was changed elsewhere. @param {import('./merging.js').Change} change @param {Finding[]} findings @param {Translate} t */
export function changeWords({ kind, before, after }, findings, t) {
  const finding = after ?? before;
  if (!finding) return t(`there_${kind}`);
  const about = named(finding, findings, t);
  const word = (/** @type {Finding | null} */ one) => stateWords(one, t);
  if (kind === 'decided') return t('there_decided', { about, from: word(before), to: word(after) });
  return t(`there_${kind}`, { about });
}

/** @param {Finding | null} finding @param {Translate} t */
function stateWords(finding, t) {
  if (!finding) return t('state_machine');
  const word = t(`state_${finding.state}`);
  if (finding.state !== 'rejected' || !finding.reason) return word;
  const reason = REASONS.includes(finding.reason) ? t(`reason_${finding.reason}`) : finding.reason;
  return t('card_rejected_for', { word, reason });
}
