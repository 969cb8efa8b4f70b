// What Streamlit calls: mounts one comparison in an element and keeps it through reruns.

import { Compare } from './compare.js';

/** @typedef {{parentElement: HTMLElement | ShadowRoot, data: import('./compare.js').CompareData}} Component */

/** @type {WeakMap<HTMLElement | ShadowRoot, {compare: Compare, shown: string, calls: number}>} */
const mounted = new WeakMap();

/**
 * Compare the two series that `data` names; another call with the same data changes nothing.
 * Returns what takes it away, unless a later call has taken it over.
 * @param {Component} component @returns {() => void}
 */
export function mount({ parentElement, data }) {
  const shown = JSON.stringify(data);
  let entry = mounted.get(parentElement);
  if (entry?.shown !== shown) {
    entry?.compare.close();
    entry = { compare: new Compare(data), shown, calls: 0 };
    mounted.set(parentElement, entry);
    parentElement.append(entry.compare.root);
    entry.compare.open();
  }
  const own = entry;
  const call = ++own.calls;
  return () => {
    if (mounted.get(parentElement) !== own || own.calls !== call) return;
    own.compare.close();
    mounted.delete(parentElement);
  };
}
