// The adjudication of a series, for Streamlit to mount.

import { mounter } from '../mounting.js';
import { Adjudicate } from './adjudicate.js';

export const mount = mounter((/** @type {import('./adjudicate.js').AdjudicateData} */ data) => new Adjudicate(data));
