// What Streamlit calls: mounts one worklist in an element and keeps it through reruns.

import { Worklist } from './worklist.js';

/** @typedef {import('./worklist.js').Component} Component */

/** @type {WeakMap<HTMLElement | ShadowRoot, {list: Worklist, calls: number}>} */
const mounted = new WeakMap();

/**
 * Show the rows that `data` holds. Returns what takes the worklist away, which does so only when
 * no later call has taken it over.
 * @param {Component} component @returns {() => void}
 */
export function mount(component) {
  const parent = component.parentElement;
  let entry = mounted.get(parent);
  if (entry) entry.list.update(component);
  else {
    entry = { list: new Worklist(component), calls: 0 };
    mounted.set(parent, entry);
    parent.append(entry.list.root);
  }
  const own = entry;
  const call = ++own.calls;
  return () => {
    if (mounted.get(parent) !== own || own.calls !== call) return;
    own.list.close();
    mounted.delete(parent);
  };
}
