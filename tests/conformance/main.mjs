// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs cases/ and speaks TAP.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Tap } from './lib/tap.mjs';

const SCHEMA = fileURLToPath(
  new URL('../../../shared/schema/DASH-MPD.xsd', import.meta.url));

const names = process.argv.slice(2);
const tap = new Tap();
for (const name of names.length ? names : ['faults', 'endpoints', 'clients',
  'gstreamer', 'boxes', 'decoded']) {
  const { run } = await import(`./cases/${name}.mjs`);
  await run(tap, existsSync(SCHEMA) ? SCHEMA : null);
}
process.exit(tap.end());
