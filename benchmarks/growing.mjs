// Grows an outline from a click in each volume named on standard input, one JSON line each; answers
// the mask, encoded and in base64, or null.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { grow } from '../lungcore/viewer/static/grow.js';
import { encodeMask } from '../lungcore/viewer/static/mask.js';

for await (const line of createInterface({ input: process.stdin })) {
  const { file, shape, spacing, click } = JSON.parse(line);
  const bytes = readFileSync(file);
  const hu = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const size = shape[1] * shape[2];
  const slice = (number) => hu.subarray(number * size, (number + 1) * size);
  const begun = performance.now();
  const mask = grow({ shape, spacing, slice }, click);
  const ms = performance.now() - begun;
  const data = mask && Buffer.from(encodeMask(mask)).toString('base64');
  process.stdout.write(`${JSON.stringify({ data, ms })}\n`);
}
