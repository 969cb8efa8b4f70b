// A chunk of slices as it comes over the wire: all low bytes, then all high bytes, of the
// differences between neighbouring voxels (little-endian int16, flat over the chunk).

/**
 * Undo the byte shuffle and the differences. @param {Uint8Array} bytes of an even length
 * @returns {Int16Array} the voxels in HU
 */
export function decode(bytes) {
  const count = bytes.length / 2;
  if (!Number.isInteger(count)) throw new RangeError(`chunk of ${bytes.length} bytes`);
  const voxels = new Int16Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum = (sum + (bytes[i] | (bytes[count + i] << 8))) | 0;
    voxels[i] = sum; // the array keeps the low 16 bits: int16 wrap-around, as the encoder's
  }
  return voxels;
}
