// SPDX-License-Identifier: LGPL-2.1-or-later
// Plays a file as a page's own video element does, and goes to and fro in it.
//
//   tests/browser/run BUILDDIR --recording URL SECONDS [PICTURE]
//
// SECONDS is how long it ought to be; PICTURE, a file, gets a screenshot. The
// server has to let pages of others read it, for the picture's sake.
import assert from 'node:assert/strict';
import { Bench } from './lib/bench.mjs';
import { Play } from './lib/play.mjs';

const FRAME_S = 1 / 30;
const WATCHED_S = 3;

/** From @seconds on: the right frame, and those that follow, with sound. */
async function playsFrom(play, seconds, watched) {
  await play.page.evaluate((to) => {
    video.pause();
    video.currentTime = to;
  }, seconds);
  await play.reports(`the frame of ${seconds} s`, ({ shown }) =>
    Math.abs(shown - seconds) < 2 * FRAME_S, 10000);
  const before = await play.report();
  await play.page.evaluate(() => video.play());
  await play.watch(watched);
  const after = await play.report();
  assert.ok(after.frames - before.frames > watched / FRAME_S / 2,
    `${after.frames - before.frames} frames in ${watched} s`);
  assert.ok(after.audioBytes > before.audioBytes, 'no sound was decoded');
}

async function check(bench, url, seconds, picture) {
  const play = await Play.start(bench, 'file', url);
  const duration = await play.page.evaluate(() => video.duration);
  assert.ok(Math.abs(duration - seconds) < 0.1,
    `it is ${duration} s long, not ${seconds}`);
  await play.watch(WATCHED_S);
  await playsFrom(play, seconds / 2, WATCHED_S);
  await play.assertPicture();
  if (picture) await play.page.screenshot({ path: picture });
  await playsFrom(play, 1, WATCHED_S);
  await playsFrom(play, seconds - WATCHED_S, WATCHED_S / 2);
  await play.ended(20000);
  assert.deepEqual(Object.keys(play.statuses).filter((s) => s >= 300), []);
  assert.ok(play.statuses[206] > 0, 'it was not read by ranges');
  await play.finish(bench, { seconds: 4 * WATCHED_S });
}

export async function recording(url, seconds, picture) {
  const bench = await Bench.open();
  try {
    await bench.group('recording', () => bench.check(
      `${Number(seconds).toFixed(1)} s play, from anywhere, to the end`,
      () => check(bench, url, Number(seconds), picture)));
    return bench.failed;
  } finally {
    await bench.close();
  }
}
