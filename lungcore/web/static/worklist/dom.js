// Small helpers to build the page and its texts.
// @ts-check

/** An element with attributes and children (strings become text, never markup). */
export function element(tag, attributes = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A real button, so that it is reached by keyboard. */
export function button(label, act, attributes = {}) {
  const made = element('button', { type: 'button', ...attributes }, [label]);
  made.addEventListener('click', act);
  return made;
}

/** The texts of the page's language: `t(name, values)`; the `_one` form where `n` is 1. */
export function translator(texts) {
  return (name, values = {}) => {
    const template = (values.n === 1 && texts[`${name}_one`]) || texts[name];
    return template.replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
  };
}
