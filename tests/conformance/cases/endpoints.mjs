// SPDX-License-Identifier: LGPL-2.1-or-later
// Every endpoint of vsjitpackager, over archives and live, against every rule.

import { Client } from '../lib/http.mjs';
import { Context } from '../lib/context.mjs';
import { check, PREFIXES, rules } from '../lib/presentation.mjs';
import { Report } from '../lib/report.mjs';
import { archiveOf, MANIFESTS, makeArchive, makeForeignArchive, serveArchive,
  serveLive, windows } from '../lib/sources.mjs';

const ALL = Object.keys(MANIFESTS);
const LIVE_SECONDS = 6;
// s: of segments that are stored in 1 s, and their window
const LIVE_JOINED = 2;
const LIVE_JOINED_WINDOW = 12;

/** Every endpoint with segments of @seconds */
const join = seconds => ALL.map(endpoint =>
  `${endpoint}::segment-duration=${seconds}000000000`).join(' ');

const archives = [
  { name: 'a ladder, H.264 and AAC of two rates', endpoints: ALL, joined: 4,
    make: () => makeArchive('ladder', { segment: 2, gop: 2, seconds: 12,
      sound: ['96k', '48k'] }) },
  { name: 'two runs', endpoints: ALL, joined: 3, make: () => {
    makeArchive('runs', { segment: 2, gop: 1, seconds: 7 });
    return makeArchive('runs', { segment: 2, gop: 1, seconds: 5 });
  } },
  { name: 'H.264 with B-frames at 29.97, AAC at 44.1 kHz', endpoints: ALL,
    make: () => makeForeignArchive('foreign', '-r 30000/1001 -c:v libx264 '
      + '-bf 3 -g 30 -b:v 400k -c:a aac -ar 44100 -ac 2') },
  // HLS has HEVC in fMP4 only
  { name: 'H.265 and E-AC-3', endpoints: ALL.filter(name => name !== 'hls'),
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

async function judgeArchive(tap, archive, endpoints, name, schema, settings) {
  const origin = await serveArchive(archive, settings);
  for (const endpoint of endpoints)
    await judge(tap, `${endpoint} of ${name}`, origin.url(endpoint), schema);
  await origin.stop();
}

/** The live chain, and beside it an origin that joins what the chain stores */
async function judgeLive(tap, schema) {
  const chain = await serveLive('live');
  const beside = await serveArchive(archiveOf('live'),
    `${windows(LIVE_JOINED_WINDOW)} ${join(LIVE_JOINED)}`);
  const all = (origin, what) => ALL.map(endpoint => judge(tap,
    `${endpoint} ${what}`, origin.url(endpoint), schema, LIVE_SECONDS));
  await Promise.all([...all(chain, 'live'),
    ...all(beside, `live, joined to ${LIVE_JOINED} s`)]);
  await beside.stop();
  await chain.stop();
}

export async function run(tap, schema) {
  // what live goes on from: it is made faster than it lasts, so its end is
  // ahead of the clock for a while
  makeArchive('live', { segment: 1, gop: 1, seconds: 3 });
  for (const { name, endpoints, make, joined: seconds } of archives) {
    const archive = make();
    await judgeArchive(tap, archive, endpoints, name, schema);
    if (seconds)
      await judgeArchive(tap, archive, endpoints,
        `${name}, joined to ${seconds} s`, schema, join(seconds));
  }
  await judgeLive(tap, schema);
}
