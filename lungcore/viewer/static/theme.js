// Dark or light, remembered by the browser.

/** @typedef {'dark' | 'light'} Theme */

const PLACE = 'lungcore.theme';

/** What was chosen here last; `usual` where nothing was, or the browser remembers nothing. @param {string} usual @returns {Theme} */
export function rememberedTheme(usual) {
  let chosen = usual;
  try {
    chosen = localStorage.getItem(PLACE) ?? usual;
  } catch {
    // Storage is closed to this page: the usual theme serves.
  }
  return chosen === 'light' ? 'light' : 'dark';
}

/** @param {Theme} theme */
export function rememberTheme(theme) {
  try {
    localStorage.setItem(PLACE, theme);
  } catch {
    // It then lasts for this page.
  }
}
