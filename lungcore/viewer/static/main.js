// What Streamlit calls: mounts one viewer in an element and keeps it through reruns.

import { Viewer } from './viewer.js';

/**
 * @typedef {import('./viewer.js').ViewerData} ViewerData
 * @typedef {{parentElement: HTMLElement | ShadowRoot, data: ViewerData}} Component
 */

/** @type {WeakMap<HTMLElement | ShadowRoot, {viewer: Viewer, shown: string, calls: number}>} */
const mounted = new WeakMap();

/**
 * Show the series that `data` names; another call with the same data changes nothing. Returns what
 * takes the viewer away, which does so only when no later call has taken it over: Streamlit runs
 * the clean-up of a call that a rerun overtook after the later call.
 * @param {Component} component @returns {() => void}
 */
export function mount({ parentElement, data }) {
  const shown = JSON.stringify(data);
  let entry = mounted.get(parentElement);
  if (entry?.shown !== shown) {
    entry?.viewer.close();
    entry = { viewer: new Viewer(data), shown, calls: 0 };
    mounted.set(parentElement, entry);
    parentElement.append(entry.viewer.root);
    entry.viewer.open();
  }
  const own = entry;
  const call = ++own.calls;
  return () => {
    if (mounted.get(parentElement) !== own || own.calls !== call) return;
    own.viewer.close();
    mounted.delete(parentElement);
  };
}
