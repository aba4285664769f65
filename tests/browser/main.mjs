// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs the cases, one after the other, in one browser.
import { readdir } from 'node:fs/promises';
import { Bench } from './lib/bench.mjs';
import { recording } from './recording.mjs';
import { screenshot } from './screenshot.mjs';

if (process.argv[2] === '--screenshot') {
  await screenshot(process.argv[3]);
  process.exit();
}
if (process.argv[2] === '--recording') {
  process.exit(await recording(...process.argv.slice(3)) > 0 ? 1 : 0);
}

const all = (await readdir(new URL('cases', import.meta.url)))
  .filter((name) => name.endsWith('.mjs'))
  .map((name) => name.slice(0, -'.mjs'.length))
  .sort();
const wanted = process.argv.length > 2 ? process.argv.slice(2) : all;

const bench = await Bench.open();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await bench.close();
    process.exit(130);
  });
}
try {
  for (const name of wanted) {
    const { default: body } = await import(`./cases/${name}.mjs`);
    await bench.group(name, body);
  }
} finally {
  await bench.close();
}
// whatever a failed check left open must not keep the process
process.exit(bench.failed > 0 ? 1 : 0);
