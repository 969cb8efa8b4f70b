// The comparison of two series, for Streamlit to mount.

import { mounter } from '../mounting.js';
import { Compare } from './compare.js';

export const mount = mounter((/** @type {import('./compare.js').CompareData} */ data) => new Compare(data));
