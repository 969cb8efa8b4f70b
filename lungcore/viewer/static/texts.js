// The texts of the page in the reader's language, as the server's catalogue gives them.

/** @typedef {Record<string, string | number>} Values */
/** @typedef {(name: string, values?: Values) => string} Translate */

/**
 * A function that gives the text of a name, with `{placeholders}` filled in and the singular
 * form where `n` is 1. It throws for a name that the catalogue does not hold.
 * @param {Record<string, string>} texts @returns {Translate}
 */
export function translator(texts) {
  return (name, values = {}) => {
    const template = (values.n === 1 && texts[`${name}_one`]) || texts[name];
    if (template === undefined) throw new Error(`no text named ${name}`);
    return template.replace(/\{(\w+)\}/g, (_, key) => {
      if (!(key in values)) throw new Error(`text ${name} needs ${key}`);
      return String(values[key]);
    });
  };
}
