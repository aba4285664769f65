// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ffmpeg makes a TS, vssegmentstore an archive of it, archivetool one CMAF
// track of that. What mp4box.js and ISOBoxer find in the track is compared
// with what ffprobe finds in the TS.

import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import mp4box from 'mp4box';
import isoboxer from 'codem-isoboxer';
import { folder, run as execute } from '../lib/process.mjs';

const build = process.env.VS_BUILD_DIR;

const cases = [
  { name: 'H.264 without B-frames, AAC', video: '-c:v libx264 -bf 0',
    audio: '-c:a aac', codecs: ['avc1.', 'mp4a.40.2'], rate: '25' },
  { name: 'H.264 with B-frames at 29.97, AAC at 44.1 kHz',
    video: '-c:v libx264 -bf 3', audio: '-c:a aac -ar 44100',
    codecs: ['avc1.', 'mp4a.40.2'], rate: '30000/1001' },
  { name: 'H.264 at 23.976, AC-3', video: '-c:v libx264 -bf 2',
    audio: '-c:a ac3', codecs: ['avc1.', 'ac-3'], rate: '24000/1001' },
  { name: 'H.265, E-AC-3', audio: '-c:a eac3',
    video: '-c:v libx265 -x265-params log-level=none:open-gop=0:keyint=25',
    codecs: ['hvc1.', 'ec-3'], rate: '25' },
];

function makeArchive(test) {
  execute('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi',
    '-i', 'testsrc2=size=320x180:rate=60:duration=5', '-f', 'lavfi',
    '-i', 'sine=sample_rate=48000:duration=5', '-r', test.rate,
    '-preset', 'ultrafast', '-g', '25', '-pix_fmt', 'yuv420p',
    ...test.video.split(' '), ...test.audio.split(' '), '-f', 'mpegts',
    'clip.ts']);
  rmSync(join(folder, 'archive'), { recursive: true, force: true });
  execute('gst-launch-1.0', ['-q', '-e', 'filesrc', 'location=clip.ts', '!',
    'vssegmentstore', 'location=archive', 'target-duration=1000000000']);
  const [child] = readFileSync(join(folder, 'archive/default/live/index.m3u8'),
    'utf8').split('\n').filter(line => line && !line.startsWith('#'));
  return `archive/default/live/${child}`;
}

function packageTrack(playlist, type) {
  const file = `${type}.mp4`;
  execute(join(build, 'tests/conformance/archivetool'),
    [playlist, type, file]);
  return readFileSync(join(folder, file));
}

// pts in 90 kHz ticks, from the first picture on: an archive begins with it
function probe(type) {
  const text = execute('ffprobe', ['-v', 'error', '-select_streams',
    `${type[0]}:0`, '-show_entries', 'packet=pts,flags', '-of', 'csv=p=0',
    'clip.ts']);
  return text.split('\n').filter(line => line).map(line => {
    const [pts, flags] = line.split(',');
    return { pts: Number(pts), key: flags[0] === 'K' };
  });
}

function readWithMp4box(bytes) {
  const file = mp4box.createFile();
  const result = { samples: [] };
  file.onError = message => { throw new Error(message); };
  file.onReady = info => {
    result.info = info;
    file.setExtractionOptions(info.tracks[0].id, null, { nbSamples: 1 });
    file.start();
  };
  file.onSamples = (id, user, samples) => result.samples.push(...samples);
  const buffer = new Uint8Array(bytes).buffer;
  buffer.fileStart = 0;
  file.appendBuffer(buffer);
  file.flush();
  return result;
}

function checkSamples(samples, timescale, source, type) {
  assert.equal(samples.length, source.length);
  const first = source[0];
  for (const [i, sample] of samples.entries()) {
    const pts = (source[i].pts - first.pts) * timescale / 90000;
    assert.ok(Math.abs(sample.cts - samples[0].cts - pts) <= 1,
      `sample ${i}: ${sample.cts - samples[0].cts} for ${pts}`);
    assert.equal(sample.is_sync, source[i].key, `sample ${i}`);
    if (i + 1 < samples.length)
      assert.equal(sample.dts + sample.duration, samples[i + 1].dts,
        `sample ${i} does not touch the next`);
  }
  const start = first.pts * timescale / 90000;
  assert.ok(Math.abs(samples[0].cts - start) <= 1,
    `${type} starts at ${samples[0].cts}, not at ${start}`);
}

function checkBoxes(bytes) {
  const parsed = isoboxer.parseBuffer(new Uint8Array(bytes).buffer);
  const last = parsed.boxes[parsed.boxes.length - 1];
  assert.ok(!parsed._incomplete);
  assert.equal(last._offset + last.size, bytes.length);
  assert.deepEqual(parsed.boxes.slice(0, 2).map(box => box.type),
    ['ftyp', 'moov']);
  const fragments = parsed.boxes.slice(2);
  for (const [i, box] of fragments.entries())
    assert.equal(box.type, ['styp', 'moof', 'mdat'][i % 3]);
  parsed.fetchAll('moof').forEach((moof, i) => {
    const [trun] = moof.boxes.find(box => box.type === 'traf').boxes
      .filter(box => box.type === 'trun');
    const mdat = fragments[i * 3 + 2];
    assert.equal(moof._offset + trun.data_offset, mdat._offset + 8);
    assert.equal(trun.samples.length, trun.sample_count);
  });
  return fragments.length / 3;
}

function checkTrack(playlist, type, expectedCodec) {
  const start = Math.min(...probe('video').map(({ pts }) => pts));
  const source = probe(type).filter(({ pts }) => pts >= start);
  const bytes = packageTrack(playlist, type);
  const { info, samples } = readWithMp4box(bytes);
  const [track] = info.tracks;
  assert.equal(info.tracks.length, 1);
  assert.ok(info.isFragmented);
  assert.ok(track.codec.startsWith(expectedCodec), track.codec);
  checkSamples(samples, track.timescale, source, type);
  assert.ok(checkBoxes(bytes) >= 3);
}

export async function run(tap) {
  for (const test of cases) {
    const playlist = makeArchive(test);
    for (const [i, type] of ['video', 'audio'].entries()) {
      const name = `boxes: ${test.name}: ${type}`;
      try {
        checkTrack(playlist, type, test.codecs[i]);
        tap.result(name, []);
      } catch (error) {
        tap.result(name, [error.message]);
      }
    }
  }
}
