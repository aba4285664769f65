// SPDX-License-Identifier: LGPL-2.1-or-later
// The command line of the checker.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Context } from './lib/context.mjs';
import { Client } from './lib/http.mjs';
import { check, PREFIXES, rules } from './lib/presentation.mjs';
import { format, formatTap, Report } from './lib/report.mjs';

const USAGE = `Usage: tests/conformance/check [OPTION...] URL

Fetches the HLS, DASH or Smooth Streaming presentation at URL, all of it, and
says of each rule whether it holds:

  ok|FAIL|n/a  <clause>  <rule>: <what it demands>  [<where>: <what is wrong>]

  --live SECONDS   look again whenever an update is due, for so long
  --limit N        no more than N segments of each track (300)
  --schema FILE    DASH-MPD.xsd (../shared/schema/DASH-MPD.xsd if it is there)
  --tap            speak TAP
  --help           this

The exit status is 0 when no rule is broken, 1 when one is, 2 when there is
nothing to be checked.
`;

const SCHEMA = fileURLToPath(
  new URL('../../../shared/schema/DASH-MPD.xsd', import.meta.url));

function readArguments() {
  const { values, positionals } = parseArgs({ allowPositionals: true,
    options: { live: { type: 'string', default: '0' },
      limit: { type: 'string', default: '300' }, schema: { type: 'string' },
      tap: { type: 'boolean' }, help: { type: 'boolean' } } });
  const [seconds, limit] = [Number(values.live), Number(values.limit)];
  if (!values.help && (positionals.length !== 1 || !(seconds >= 0)
    || !(limit >= 1)))
    throw new Error('one URL, and numbers');
  return { ...values, url: positionals[0], seconds, limit };
}

function print(report, kind, options) {
  const lines = report.lines(PREFIXES[kind]);
  if (options.tap) console.log(`1..${lines.length}`);
  lines.forEach((line, i) => console.log(options.tap
    ? formatTap(line, i + 1) : format(line)));
}

async function main(options) {
  const schema = options.schema ?? (existsSync(SCHEMA) ? SCHEMA : null);
  const client = new Client();
  const report = new Report(rules);
  const context = new Context(client, report, { limit: options.limit, schema });
  const kind = await check(context, options.url, { seconds: options.seconds });
  client.close();
  if (!kind) {
    console.error(`${options.url}: no manifest of HLS, DASH or Smooth `
      + 'Streaming');
    return 2;
  }
  print(report, kind, options);
  if (kind === 'dash' && !schema) console.log('# skipped: no ../shared/schema');
  return report.failures.length > 0 ? 1 : 0;
}

try {
  const options = readArguments();
  if (options.help) process.stdout.write(USAGE);
  else process.exitCode = await main(options);
} catch (error) {
  console.error(`check: ${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
