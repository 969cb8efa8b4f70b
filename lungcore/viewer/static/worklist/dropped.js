// What was dropped: files as they are, folders walked to their files.

/** @typedef {import('./transfer.js').Item} Item */

/** All files of a drop, their names with their folders. @param {DataTransfer} transfer @returns {Promise<Item[]>} */
export async function collect(transfer) {
  // Entries must be taken before the first await: the browser empties the transfer after it.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  if (entries.every((entry) => entry === null)) {
    return [...transfer.files].map((file) => ({ file, name: file.name }));
  }
  /** @type {Item[]} */
  const found = [];
  for (const entry of entries) if (entry) await walk(entry, found);
  return found;
}

/** @param {FileSystemEntry} entry @param {Item[]} found */
async function walk(entry, found) {
  if (entry.isFile) {
    const { file: take } = /** @type {FileSystemFileEntry} */ (entry);
    /** @type {File} */
    const file = await new Promise((resolve, reject) => take.call(entry, resolve, reject));
    found.push({ file, name: entry.fullPath.replace(/^\//, '') });
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  // A reader hands out a folder in parts, and an empty part at its end.
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return;
    for (const child of part) await walk(child, found);
  }
}
