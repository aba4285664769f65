// SPDX-License-Identifier: LGPL-2.1-or-later
// From rung to rung: by hand, and because the network got slow.
import assert from 'node:assert/strict';
import { recordNoise, startArchive } from '../lib/chain.mjs';
import { Play } from '../lib/play.mjs';

// less than the upper rung needs, more than the lower one
const SLOW_BITS_PER_S = 600e3;
// a player with less ahead is sooner at the rung that it chose last
const BUFFER_S = 12;

async function byHand(bench, origin, player, format) {
  const play = await Play.start(bench, player, origin.url(format),
    { buffer: BUFFER_S });
  const [low, high] = await play.levels();
  for (const level of [low, high, low]) {
    await play.select(level.id);
    await play.shows(level.height, 30000);
  }
  const { sizes } = await play.finish(bench, { seconds: 1 });
  assert.ok(sizes.includes('320x180') && sizes.includes('640x360'),
    `sizes ${sizes}`);
}

async function throttled(bench, origin, player, format) {
  const play = await Play.start(bench, player, origin.url(format),
    { buffer: BUFFER_S });
  await play.shows(360);
  // what is slow from here on has that much time
  await play.buffered(BUFFER_S - 3);
  const network = await play.page.context().newCDPSession(play.page);
  await network.send('Network.emulateNetworkConditions', {
    offline: false, latency: 0, uploadThroughput: -1,
    downloadThroughput: SLOW_BITS_PER_S / 8,
  });
  await play.shows(180, 60000);
  await play.finish(bench, { seconds: 2 });
}

export default async function switching(bench) {
  const archive = await recordNoise(bench, 60);
  const origin = await startArchive(bench, archive);
  for (const [title, body] of Object.entries({ 'by hand': byHand, throttled })) {
    for (const [player, format] of
      [['hls', 'hls'], ['hls', 'cmaf'], ['dash', 'dash']]) {
      await bench.check(`${title}, ${format} in ${player}`,
        () => body(bench, origin, player, format));
    }
  }
}
