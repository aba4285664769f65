// SPDX-License-Identifier: LGPL-2.1-or-later
// Every endpoint of vsjitpackager, over archives and live, against every rule.

import { Client } from '../lib/http.mjs';
import { Context } from '../lib/context.mjs';
import { check, PREFIXES, rules } from '../lib/presentation.mjs';
import { Report } from '../lib/report.mjs';
import { MANIFESTS, makeArchive, makeForeignArchive, serveArchive,
  serveLive } from '../lib/sources.mjs';

const ALL = Object.keys(MANIFESTS);
const LIVE_SECONDS = 6;

const archives = [
  { name: 'a ladder, H.264 and AAC', endpoints: ALL,
    make: () => makeArchive('ladder', { segment: 2, gop: 2, seconds: 12 }) },
  { name: 'two runs', endpoints: ALL, make: () => {
    makeArchive('runs', { segment: 2, gop: 1, seconds: 7 });
    return makeArchive('runs', { segment: 2, gop: 1, seconds: 5 });
  } },
  { name: 'H.264 with B-frames at 29.97, AAC at 44.1 kHz', endpoints: ALL,
    make: () => makeForeignArchive('foreign', '-r 30000/1001 -c:v libx264 '
      + '-bf 3 -g 30 -b:v 400k -c:a aac -ar 44100 -ac 2') },
  // HLS has HEVC in fMP4 only
  { name: 'H.265 and E-AC-3', endpoints: ['cmaf', 'dash'],
    make: () => makeForeignArchive('hevc', '-r 25 -c:v libx265 -b:v 400k '
      + '-x265-params log-level=none:open-gop=0:keyint=25 -c:a eac3 -ac 2') },
];

function tell(tap, what, kind, report) {
  for (const { id, clause, state, failed, faults } of
    report.lines(PREFIXES[kind])) {
    if (state === 'n/a') continue;
    const name = `endpoints: ${what}: ${clause} ${id}`;
    tap.result(name, state === 'ok' ? []
      : [...faults, ...failed > faults.length ? [`${failed} times`] : []]);
  }
}

async function judge(tap, what, url, schema, seconds = 0) {
  const client = new Client();
  const report = new Report(rules);
  const kind = await check(new Context(client, report, { schema }), url,
    { seconds });
  client.close();
  if (kind) tell(tap, what, kind, report);
  else tap.result(`endpoints: ${what}`, [`no manifest at ${url}`]);
}

export async function run(tap, schema) {
  // what live goes on from: it is made faster than it lasts, so its end is
  // ahead of the clock for a while
  makeArchive('live', { segment: 1, gop: 1, seconds: 3 });
  for (const { name, endpoints, make } of archives) {
    const origin = await serveArchive(make());
    for (const endpoint of endpoints)
      await judge(tap, `${endpoint} of ${name}`, origin.url(endpoint), schema);
    await origin.stop();
  }
  const origin = await serveLive('live');
  await Promise.all(ALL.map(endpoint => judge(tap, `${endpoint} live`,
    origin.url(endpoint), schema, LIVE_SECONDS)));
  await origin.stop();
}
