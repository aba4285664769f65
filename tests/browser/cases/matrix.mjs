// SPDX-License-Identifier: LGPL-2.1-or-later
// Each player on each format that it takes, live and from an archive.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { record, startArchive, startLive } from '../lib/chain.mjs';
import { Play } from '../lib/play.mjs';
import { output } from '../lib/process.mjs';

const COMBINATIONS = [
  ['hls', 'hls'], ['hls', 'cmaf'], ['dash', 'dash'],
  ['shaka', 'hls'], ['shaka', 'cmaf'], ['shaka', 'dash'],
];
const RECORDED_S = 20;
// long enough to need newer manifests than the first one
const LIVE_S = 15;

/** Each starts with a chain of its own, of which there is one segment yet. */
async function firstSegment(bench) {
  for (const [player, format] of [['hls', 'hls'], ['dash', 'dash']]) {
    await bench.check(`${format} in ${player} joins at the first segment`,
      async () => {
        const origin = await startLive(bench,
          { archive: await bench.directory() });
        try {
          const play = await Play.start(bench, player, origin.url(format));
          await play.watch(6);
          // the first segment alone is no buffer to speak of
          await play.finish(bench, { seconds: 6, stalls: 3 });
        } finally {
          await origin.stop();
        }
      });
  }
}

/** Some at a time: a browser on two cores plays small rungs with ease. */
async function together(bench, title, combinations, body) {
  const names = combinations.map(([player, format]) => `${format} in ${player}`);
  await bench.check(`${title} ${names.join(', ')}`,
    () => Promise.all(combinations.map(body)));
}

async function live(bench) {
  const archive = await bench.directory();
  const origin = await startLive(bench, { archive });
  for (let i = 0; i < COMBINATIONS.length; i += 2) {
    await together(bench, 'live', COMBINATIONS.slice(i, i + 2),
      async ([player, format]) => {
        const play = await Play.start(bench, player, origin.url(format));
        await play.watch(LIVE_S);
        await play.assertPicture();
        await play.finish(bench, { seconds: LIVE_S });
      });
  }
  await bench.check('live ends cleanly', async () => {
    await origin.stop();
    const folder = path.join(archive, 'default', 'live');
    const children = (await readdir(folder))
      // not the sealed parts of the playlists, which have a number too
      .filter((name) => /^index_[^.]+\.m3u8$/.test(name));
    assert.equal(children.length, 2);
    for (const child of children) {
      assert.match(await readFile(path.join(folder, child), 'utf8'),
        /#EXT-X-ENDLIST/, child);
    }
  });
}

async function archive(bench) {
  const directory = await record(bench, RECORDED_S);
  let duration;
  await bench.check('ffprobe plays the archive as it lies', async () => {
    duration = Number(await output('ffprobe', ['-v', 'error',
      '-show_entries', 'format=duration', '-of', 'csv=p=0',
      path.join(directory, 'default', 'live', 'index.m3u8')]));
    assert.ok(Math.abs(duration - RECORDED_S) < 0.5, `${duration} s`);
  });
  const origin = await startArchive(bench, directory);
  for (let i = 0; i < COMBINATIONS.length; i += 3) {
    await together(bench, 'archive', COMBINATIONS.slice(i, i + 3),
      async ([player, format]) => {
        const play = await Play.start(bench, player, origin.url(format));
        await play.assertPicture();
        await play.ended((duration + 30) * 1000);
        await play.finish(bench, { seconds: duration - 0.5 });
      });
  }
  await bench.check('the archive\'s origin ends cleanly',
    () => origin.stop());
}

export default async function matrix(bench) {
  await firstSegment(bench);
  await live(bench);
  await archive(bench);
}
