// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What ffmpeg decodes from an archive, and from a CMAF track of it, is what it
// decodes from the TS that was stored.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync,
  writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, run as execute } from '../lib/process.mjs';

const build = process.env.VS_BUILD_DIR;
const media = process.env.VS_MEDIA_DIR ?? join(build, '../../shared/media');

// ffmpeg's options, a pipeline, or a real clip
const cases = [
  { name: 'H.264 in slices, with B-frames',
    ffmpeg: '-c:v libx264 -bf 3 -x264opts slices=4' },
  { name: 'interlaced H.264', ffmpeg: '-c:v libx264 -x264opts tff=1:bframes=2' },
  { name: 'H.264 without delimiters', ffmpeg:
      '-c:v libx264 -bf 2 -x264opts slices=2 -bsf:v h264_metadata=aud=remove' },
  { name: 'H.265 in slices', ffmpeg: '-c:v libx265 ' +
      '-x265-params log-level=none:open-gop=0:keyint=25:slices=2' },
  { name: 'interlaced MPEG-2', cmaf: false,
    ffmpeg: '-c:v mpeg2video -flags +ildct+ilme -bf 2 -sc_threshold 1000000000' },
  { name: 'mpegtsmux', gst: 'videotestsrc num-buffers=125 ! ' +
      'video/x-raw,width=320,height=180,framerate=25/1 ! x264enc bframes=2 ' +
      'b-adapt=false key-int-max=25 ! h264parse ! mpegtsmux' },
  { name: 'sintel-608.ts: PES packets that are no units',
    file: join(media, 'sintel-608.ts') },
  { name: 'a real film',
    file: join(media, 'big-buck-bunny-5s-720p-aac51.mp4') },
];

function makeClip({ ffmpeg, gst, file }) {
  if (gst)
    execute('gst-launch-1.0', ['-q', '-e', ...gst.split(' '), '!', 'filesink',
      'location=clip.ts']);
  else if (ffmpeg)
    execute('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi',
      '-i', 'testsrc2=size=320x180:rate=25:duration=5', '-f', 'lavfi',
      '-i', 'sine=duration=5', '-preset', 'ultrafast', '-g', '25',
      '-pix_fmt', 'yuv420p', '-c:a', 'aac', ...ffmpeg.split(' '), '-f',
      'mpegts', 'clip.ts']);
  else if (file.endsWith('.ts'))
    copyFileSync(file, join(folder, 'clip.ts'));
  else
    execute('ffmpeg', ['-v', 'error', '-y', '-i', file, '-c', 'copy', '-f',
      'mpegts', 'clip.ts']);
}

// what is stored goes to stored.ts in one piece, its video to video.mp4
function storeClip(cmaf) {
  const stored = join(folder, 'archive/default/live');
  rmSync(join(folder, 'archive'), { recursive: true, force: true });
  execute('gst-launch-1.0', ['-q', '-e', 'filesrc', 'location=clip.ts', '!',
    'vssegmentstore', 'location=archive', 'target-duration=1000000000']);
  const segments = readdirSync(stored).filter(name => name.endsWith('.ts'));
  writeFileSync(join(folder, 'stored.ts'), Buffer.concat(segments.sort()
    .map(name => readFileSync(join(stored, name)))));
  const [child] = readFileSync(join(stored, 'index.m3u8'), 'utf8').split('\n')
    .filter(line => line && !line.startsWith('#'));
  if (cmaf)
    execute(join(build, 'tests/conformance/archivetool'),
      [join(stored, child), 'video', 'video.mp4']);
}

// the digests of the pictures, in the order in which they are shown
function decode(file) {
  return execute('ffmpeg', ['-v', 'error', '-i', file, '-map', '0:v',
    '-fps_mode', 'passthrough', '-f', 'framemd5', '-']).split('\n')
    .filter(line => line && line[0] !== '#')
    .map(line => line.split(',').pop().trim());
}

function check({ cmaf = true, ...clip }) {
  makeClip(clip);
  storeClip(cmaf);
  const source = decode('clip.ts');
  assert.ok(source.length >= 100);
  assert.deepEqual(decode('stored.ts'), source);
  if (cmaf)
    assert.deepEqual(decode('video.mp4'), source);
}

export async function run(tap) {
  for (const test of cases) {
    const name = `decoded: ${test.name}`;
    if (test.file && !existsSync(test.file)) {
      tap.skip(name, 'no ../shared/media');
      continue;
    }
    try {
      check(test);
      tap.result(name, []);
    } catch (error) {
      tap.result(name, [error.message]);
    }
  }
}
