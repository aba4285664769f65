// SPDX-License-Identifier: LGPL-2.1-or-later
// Real clips and a live RTMP pull through the whole chain: 60 s live, then
// from the archive, in hls.js and dash.js side by side.
import { CLIPS, looped, publish } from '../lib/clips.mjs';
import { startArchive, startLive } from '../lib/chain.mjs';
import { Play } from '../lib/play.mjs';
import { sleep } from '../lib/process.mjs';

const WATCHED_S = 60;
const WINDOW_MS = 8000;
// players with less ahead are sooner at the rung that was chosen last
const BUFFER_S = 12;
const PLAYERS = [['hls', 'hls'], ['dash', 'dash']];

/** Half the time on each rung, for @seconds in all. */
async function watchBothRungs(play, seconds) {
  const levels = await play.levels();
  for (const [i, level] of levels.entries()) {
    await play.select(level.id);
    await play.shows(level.height);
    await play.forgetPicture();
    await play.watchUntil(seconds * (i + 1) / levels.length);
    await play.assertPicture();
  }
}

async function watchLive(bench, origin) {
  await Promise.all(PLAYERS.map(async ([player, format]) => {
    const play = await Play.start(bench, player, origin.url(format));
    await watchBothRungs(play, WATCHED_S);
    await play.finish(bench, { seconds: WATCHED_S });
  }));
}

/** At double speed, so in half the time, and harder. */
async function watchArchive(bench, archive) {
  const origin = await startArchive(bench, archive);
  await Promise.all(PLAYERS.map(async ([player, format]) => {
    const play = await Play.start(bench, player, origin.url(format),
      { rate: 2, buffer: BUFFER_S });
    await watchBothRungs(play, WATCHED_S);
    await play.finish(bench, { seconds: WATCHED_S });
  }));
  await origin.stop();
}

async function through(bench, name, input) {
  const archive = await bench.directory();
  await bench.check(`${name}: live`, async () => {
    const origin = await startLive(bench, { archive, input: await input() });
    try {
      // a window to play in; "joins at the first segment" is matrix's to tell
      await sleep(WINDOW_MS);
      await watchLive(bench, origin);
    } finally {
      await origin.stop();
    }
  });
  await bench.check(`${name}: archive`, () => watchArchive(bench, archive));
}

export default async function clips(bench) {
  for (const name of Object.keys(CLIPS)) {
    // longer than what is watched: players start late and end early
    await through(bench, name, () => looped(bench, name, WATCHED_S + 40));
  }
  await through(bench, 'RTMP pull', async () =>
    publish(bench, await looped(bench, 'H.264 and AAC, 720p30', 30)));
}
