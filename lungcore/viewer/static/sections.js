// The voxels of a plane's slice, gathered from the stored slices. Pure functions.

/** @typedef {import('./plane.js').Plane} Plane */
/** @typedef {{slice: (slice: number) => Int16Array | null}} Source  the stored slices that are here */

export const ABSENT_HU = -32768; // black in every window

/**
 * The voxels of a slice, row by row of the screen as it is before mirroring; a voxel that is not
 * here yet is black. Stored slices come as they are, others are written to `room`.
 * @param {Source} source @param {Plane} plane @param {number} slice
 * @param {Int16Array} room width * height of the plane
 */
export function sectionOf(source, plane, slice, room) {
  if (!plane.isStored) return gathered(source, plane, slice, room);
  const voxels = source.slice(slice);
  if (!voxels) return room.fill(ABSENT_HU);
  return plane.across === 2 ? voxels : turned(voxels, plane, room);
}

/** A stored slice with its rows across the screen. @param {Int16Array} voxels @param {Plane} plane @param {Int16Array} room */
function turned(voxels, { width, height }, room) {
  for (let down = 0; down < height; down++) {
    for (let across = 0; across < width; across++) {
      room[down * width + across] = voxels[across * height + down];
    }
  }
  return room;
}

/** One line of each stored slice. @param {Source} source @param {Plane} plane @param {number} slice @param {Int16Array} room */
function gathered(source, plane, slice, room) {
  const { grid, through, down, width, height } = plane;
  const isDown = down === 0; // the stored slices follow each other down the screen, else across
  const count = isDown ? width : height;
  const strides = [0, grid.columns, 1];
  const start = slice * strides[through];
  const stride = strides[through === 1 ? 2 : 1];
  for (let stored = 0; stored < grid.slices; stored++) {
    const voxels = source.slice(stored);
    let to = isDown ? stored * width : stored;
    const step = isDown ? 1 : width;
    for (let i = 0; i < count; i++, to += step) {
      room[to] = voxels ? voxels[start + i * stride] : ABSENT_HU;
    }
  }
  return room;
}
