// SPDX-License-Identifier: LGPL-2.1-or-later
// Each player on each format while the event goes on: from a start in the past,
// and a range that is over, which is played to its end.
import assert from 'node:assert/strict';
import { startLive } from '../lib/chain.mjs';
import { Play } from '../lib/play.mjs';
import { until } from '../lib/process.mjs';

const PLAYERS = [
  ['hls', 'hls'], ['hls', 'cmaf'], ['dash', 'dash'], ['mss', 'mss'],
  ['shaka', 'hls'], ['shaka', 'cmaf'], ['shaka', 'dash'],
];
// Shaka Player 4 plays Smooth Streaming, on demand; 5 does not any more
const RANGE_PLAYERS = [...PLAYERS, ['shaka-lts', 'mss']];
const AT_ONCE = 2;
const SEGMENT_S = 2;
// what players keep to the edge is far from the start by then
const PAST_S = 40;
const WATCHED_S = 10;
const RANGE_S = 12;

/** The dates (ms) at which the segments that are listed begin. */
async function segmentDates(origin) {
  const main = await (await fetch(origin.url('hls'))).text();
  const child = main.split('\n').find((line) => line && !line.startsWith('#'));
  const text = await (await fetch(new URL(child, origin.url('hls')))).text();
  return [...text.matchAll(/#EXT-X-PROGRAM-DATE-TIME:(\S+)/g)]
    .map(([, date]) => Date.parse(date));
}

/** Smooth Streaming has its times in the path (contracts.md 3.4). */
function shifted(origin, format, times) {
  const url = new URL(origin.url(format));
  const pairs = Object.entries(times)
    .map(([name, ms]) => [name, new Date(ms).toISOString()]);
  if (format === 'mss') {
    url.pathname = url.pathname.replace('/mss/',
      `/mss/${pairs.flat().join('/')}/`);
  } else {
    for (const [name, value] of pairs) url.searchParams.set(name, value);
  }
  return url.href;
}

async function fromStart(bench, player, url) {
  const play = await Play.start(bench, player, url);
  await play.rewind();
  await play.watch(WATCHED_S);
  await play.assertPicture();
  const { position, rangeStart } =
    await play.finish(bench, { seconds: WATCHED_S });
  assert.ok(position - rangeStart < PAST_S - SEGMENT_S,
    `${play.name} is ${position - rangeStart} s behind the start`);
}

async function range(bench, player, url) {
  const play = await Play.start(bench, player, url, { rate: 2 });
  await play.ended((RANGE_S + 30) * 1000);
  await play.assertPicture();
  const { mediaTime } = await play.finish(bench, { seconds: RANGE_S - 0.5 });
  assert.ok(mediaTime < RANGE_S + 0.5, `${play.name}: ${mediaTime} s`);
}

async function each(bench, title, players, body) {
  for (let i = 0; i < players.length; i += AT_ONCE) {
    const some = players.slice(i, i + AT_ONCE);
    await bench.check(
      `${title} ${some.map(([p, f]) => `${f} in ${p}`).join(', ')}`,
      () => Promise.all(some.map(([player, format]) => body(player, format))));
  }
}

export default async function startover(bench) {
  const origin = await startLive(bench, { archive: await bench.directory() });
  const dates = await until(`${PAST_S} s`, async () => {
    const all = await segmentDates(origin);
    return all.at(-1) - all[0] >= PAST_S * 1000 && all;
  }, (PAST_S + 40) * 1000);
  const start = dates[0];
  await each(bench, 'a range of', RANGE_PLAYERS, (player, format) =>
    range(bench, player, shifted(origin, format,
      { start, end: start + RANGE_S * 1000 })));
  await each(bench, 'from the start:', PLAYERS, (player, format) =>
    fromStart(bench, player, shifted(origin, format, { start })));
  await bench.check('the chain ends cleanly', () => origin.stop());
}
