// What marks, signs or leads away: it does nothing where a scan is looked at beside something else.

export const MARKING = new Set([
  ...['accept', 'reject', 'edit', 'add', 'undo', 'redo', 'sign', 'reopen', 'grow', 'brush', 'erase'],
  ...['interpolate', 'as_ellipsoid', 'calipers', 'ruler', 'clear_rulers', 'brush_flat', 'brush_smaller', 'brush_larger'],
  ...['label', 'scan', 'retry', 'merge', 'help', 'compare', 'next_study'],
]);
