// Measures the masks on standard input, encoded and in base64, for the test that compares.

import { measureMask } from '../../lungcore/viewer/static/calipers.js';
import { decodeMask } from '../../lungcore/viewer/static/mask.js';

let given = '';
for await (const part of process.stdin) given += part;
const measured = JSON.parse(given).map(({ mask, spacing }) => {
  const bytes = Uint8Array.from(Buffer.from(mask, 'base64'));
  return measureMask(decodeMask(bytes.buffer), spacing, spacing[0] * spacing[1] * spacing[2]);
});
process.stdout.write(JSON.stringify(measured));
