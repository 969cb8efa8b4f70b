// The slice viewer, for Streamlit to mount.

import { mounter } from './mounting.js';
import { Viewer } from './viewer.js';

export const mount = mounter((/** @type {import('./viewer.js').ViewerData} */ data) => new Viewer(data));
