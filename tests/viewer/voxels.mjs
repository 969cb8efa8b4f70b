// Looking into masks, for the tests.

import { offset } from '../../lungcore/viewer/static/mask.js';

export function isSet(mask, index) {
  const at = offset(mask, index);
  return at >= 0 && mask.voxels[at] === 1;
}

/** Calls `visit` with the index of every voxel that is set. */
export function forEachSet({ origin, shape, voxels }, visit) {
  for (let s = 0, i = 0; s < shape[0]; s++) {
    for (let r = 0; r < shape[1]; r++) {
      for (let c = 0; c < shape[2]; c++, i++) {
        if (voxels[i]) visit([s + origin[0], r + origin[1], c + origin[2]]);
      }
    }
  }
}
