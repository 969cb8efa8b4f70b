// Merges for tests in Python: a line of JSON in, a line out.

import { createInterface } from 'node:readline';

import { merged } from '../../lungcore/viewer/static/merging.js';

for await (const line of createInterface({ input: process.stdin })) {
  const { base, present, events, choices } = JSON.parse(line);
  console.log(JSON.stringify(merged(base, present, events, choices)));
}
