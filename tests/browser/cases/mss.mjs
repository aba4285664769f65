// SPDX-License-Identifier: LGPL-2.1-or-later
// Smooth Streaming in dash.js, live and from the archive that this leaves.
import assert from 'node:assert/strict';
import { startArchive, startLive } from '../lib/chain.mjs';
import { Play } from '../lib/play.mjs';
import { until } from '../lib/process.mjs';

// long enough to need what look-ahead alone tells of
const LIVE_S = 10;
// dash.js keeps so far from the edge, and does not start with less
const LIVE_FRAGMENTS = 4;
const TIMESCALE = 10000000;

/** How many fragments the manifest lists of each stream. */
async function listed(origin) {
  const response = await fetch(origin.url('mss'));
  const [stream] = (await response.text()).split('</StreamIndex>');
  return response.ok ? stream.split('<c ').length - 1 : 0;
}

async function live(bench, archive) {
  const origin = await startLive(bench, { archive });
  await bench.check('live mss in dash', async () => {
    await until(`${LIVE_FRAGMENTS} fragments`, async () =>
      await listed(origin) >= LIVE_FRAGMENTS, 40000);
    const play = await Play.start(bench, 'mss', origin.url('mss'));
    await play.watch(LIVE_S);
    await play.assertPicture();
    await play.finish(bench, { seconds: LIVE_S });
  });
  await origin.stop();
}

async function onDemand(bench, archive) {
  const origin = await startArchive(bench, archive);
  await bench.check('archive mss in dash', async () => {
    const manifest = await (await fetch(origin.url('mss'))).text();
    const duration = Number(/ Duration="(\d+)"/.exec(manifest)[1]) / TIMESCALE;
    assert.ok(duration > LIVE_S, `${duration} s`);
    const play = await Play.start(bench, 'mss', origin.url('mss'), { rate: 2 });
    assert.deepEqual((await play.levels()).map(({ height }) => height),
      [180, 360]);
    await play.assertPicture();
    await play.ended((duration + 30) * 1000);
    await play.finish(bench, { seconds: duration - 0.5 });
  });
  await origin.stop();
}

export default async function mss(bench) {
  const archive = await bench.directory();
  await live(bench, archive);
  await onDemand(bench, archive);
}
