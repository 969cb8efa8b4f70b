// What Streamlit calls: mounts one of something in an element and keeps it through reruns.

/**
 * @template T
 * @typedef {{parentElement: HTMLElement | ShadowRoot, data: T}} Component
 */
/** @typedef {{root: HTMLElement, open: () => void, close: () => void}} Mounted */

/**
 * A function that shows what `make` makes of the data; another call with the same data changes
 * nothing. It returns what takes it away, which does so only when no later call has taken it over:
 * Streamlit runs the clean-up of a call that a rerun overtook after the later call.
 * @template T
 * @param {(data: T) => Mounted} make
 */
export function mounter(make) {
  /** @type {WeakMap<HTMLElement | ShadowRoot, {made: Mounted, shown: string, calls: number}>} */
  const mounted = new WeakMap();
  return (/** @type {Component<T>} */ { parentElement, data }) => {
    const shown = JSON.stringify(data);
    let entry = mounted.get(parentElement);
    if (entry?.shown !== shown) {
      entry?.made.close();
      entry = { made: make(data), shown, calls: 0 };
      mounted.set(parentElement, entry);
      parentElement.append(entry.made.root);
      entry.made.open();
    }
    const own = entry;
    const call = ++own.calls;
    return () => {
      if (mounted.get(parentElement) !== own || own.calls !== call) return;
      own.made.close();
      mounted.delete(parentElement);
    };
  };
}
