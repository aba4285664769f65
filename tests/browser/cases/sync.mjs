// SPDX-License-Identifier: LGPL-2.1-or-later
// Sound and picture together, measured on the test pattern's flash and beep.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { record, startArchive } from '../lib/chain.mjs';
import { Play } from '../lib/play.mjs';
import { output } from '../lib/process.mjs';

const FRAME_S = 1 / 30;
// What a page sees of its own output is late by the display's refresh and the
// sound card's buffers, by as much as this, but always by the same.
const OUTPUT_PATH_S = 0.08;
const RECORDED_S = 12;
// the middle of the test pattern's lamp, as shares of the picture
const LAMP = 'crop=iw*0.2:ih*0.2:iw*0.68:ih*0.16';
const LIT_LUMA = 120;
const BEEP_DB = -20;
const SOUND_STEP = 48;

/** "pts_time:1.5" and "key=value" lines -> [{time, value}] */
function parseMetadata(text) {
  const found = [];
  let time;
  for (const line of text.split('\n')) {
    const pts = /pts_time:(\S+)/.exec(line);
    if (pts) time = Number(pts[1]);
    const value = /^lavfi\.[^=]+=(.+)$/.exec(line);
    if (value) found.push({ time, value: Number(value[1]) });
  }
  return found;
}

/** The times at which the value rises over @threshold. */
function rises(samples, threshold) {
  return samples
    .filter(({ value }, i) => i > 0 && value > threshold
      && !(samples[i - 1].value > threshold))
    .map(({ time }) => time);
}

/** Decodes @url by ffmpeg; resolves to {flashes, beeps} in media time. */
async function measure(bench, url) {
  const directory = await bench.directory();
  const video = path.join(directory, 'video');
  const audio = path.join(directory, 'audio');
  await output('ffmpeg', ['-v', 'error', '-copyts', '-i', url,
    '-map', '0:v:0', '-vf', `${LAMP},signalstats,`
      + `metadata=print:key=lavfi.signalstats.YAVG:file=${video}`,
    '-f', 'null', '-',
    '-map', '0:a:0', '-af', `asetnsamples=n=${SOUND_STEP},`
      + 'astats=metadata=1:reset=1:measure_perchannel=none,'
      + `ametadata=print:key=lavfi.astats.Overall.Peak_level:file=${audio}`,
    '-f', 'null', '-']);
  const flashes = rises(parseMetadata(await readFile(video, 'utf8')), LIT_LUMA);
  const beeps = rises(parseMetadata(await readFile(audio, 'utf8')), BEEP_DB)
    // the ripples of one beep are one beep
    .filter((time, i, all) => i === 0 || time - all[i - 1] > 0.5);
  return { flashes, beeps };
}

/** For each flash how much later its beep is, s. */
function offsets(flashes, beeps) {
  const nearest = (flash) => beeps
    .map((beep) => beep - flash)
    .reduce((a, b) => (Math.abs(a) < Math.abs(b) ? a : b), Infinity);
  return flashes.map(nearest)
    // the last flash's beep may lie behind the end
    .filter((offset, i, all) => i < all.length - 1 || Math.abs(offset) < 0.5);
}

const median = (values) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

function tell(bench, name, found) {
  bench.note(`${name}: ${found.length} flashes, sound after picture by `
    + `${found.map((o) => (o * 1000).toFixed(1)).join(' ')} ms`);
}

async function decoded(bench, name, url) {
  const { flashes, beeps } = await measure(bench, url);
  const found = offsets(flashes, beeps);
  tell(bench, name, found);
  // the first second has no edge to measure
  assert.ok(found.length >= RECORDED_S - 3, `${found.length} flashes`);
  const worst = Math.max(...found.map(Math.abs));
  assert.ok(worst < FRAME_S, `${name}: off by ${worst} s`);
}

async function shown(bench, player, url) {
  const play = await Play.start(bench, player, url, { sync: true });
  await play.ended((RECORDED_S + 20) * 1000);
  const { flashes, beeps } = await play.finish(bench, { seconds: 1 });
  const found = offsets(flashes.map((ms) => ms / 1000),
    beeps.map((ms) => ms / 1000));
  tell(bench, play.name, found);
  assert.ok(found.length >= RECORDED_S - 4, `${found.length} flashes`);
  // single ones are late when the browser drops a frame
  assert.ok(Math.abs(median(found)) < FRAME_S + OUTPUT_PATH_S,
    `off by ${median(found)} s`);
}

export default async function sync(bench) {
  const archive = await record(bench, RECORDED_S);
  const stored = path.join(archive, 'default', 'live', 'index.m3u8');
  await bench.check('the archive as it lies',
    () => decoded(bench, 'archive', stored));
  const origin = await startArchive(bench, archive);
  // ffmpeg shifts CMAF's pictures by their reordering delay when there is no
  // edit list, which cmf2 forbids: only players can tell for those
  await bench.check('hls', () => decoded(bench, 'hls', origin.url('hls')));
  for (const [player, format] of
    [['hls', 'hls'], ['hls', 'cmaf'], ['dash', 'dash']]) {
    await bench.check(`${format} as ${player} shows it`,
      () => shown(bench, player, origin.url(format)));
  }
}
