// SPDX-License-Identifier: LGPL-2.1-or-later
// Presentations to be checked: our own, of a small archive and live, and
// Smooth Streaming as ffmpeg makes it.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Answer, Client } from './http.mjs';
import { folder, freePort, launch, run, until } from './process.mjs';

export const MANIFESTS = { hls: 'hls/index.m3u8', cmaf: 'cmaf/index.m3u8',
  dash: 'dash/index.mpd', mss: 'mss/index.ism/Manifest' };

/** Pictures that use their bit rate, and a tone; @sound: the bit rates of that,
 * of the upper and the lower rung */
function ladder({ seconds, gop, audioRate = 48000, live = false,
  sound = ['64k', '64k'] }) {
  const length = n => (seconds ? `num-buffers=${seconds * n}` : '');
  return `videotestsrc pattern=snow is-live=${live} ${length(30)}
    ! video/x-raw,width=320,height=180,framerate=30/1 ! ladder.video
    audiotestsrc is-live=${live} samplesperbuffer=${audioRate / 50}
    ${length(50)} ! audio/x-raw,rate=${audioRate} ! ladder.audio
    vsladder name=ladder speed-preset=superfast gop-duration=${gop}000000000
    ladder=high:320x180@30,300k,${sound[0]};low:160x90@30,150k,${sound[1]}`;
}

/** An archive in the tests' folder; @segment, @gop: in seconds */
export function makeArchive(name, { segment, ...settings }) {
  run('gst-launch-1.0', ['-q', '-e', ...`${ladder(settings)}
    : vssegmentstore location=${join(folder, name)}
    target-duration=${segment}000000000`.trim().split(/\s+/)]);
  return join(folder, name);
}

/** An archive of a TS that ffmpeg makes of @codecs */
export function makeForeignArchive(name, codecs) {
  const file = join(folder, `${name}.ts`);
  run('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi',
    '-i', 'testsrc2=size=320x180:rate=60:duration=8', '-f', 'lavfi',
    '-i', 'sine=sample_rate=48000:duration=8', '-preset', 'ultrafast',
    '-pix_fmt', 'yuv420p', ...codecs.split(' '), '-f', 'mpegts', file]);
  run('gst-launch-1.0', ['-q', '-e', 'filesrc', `location=${file}`, '!',
    'vssegmentstore', `location=${join(folder, name)}`,
    'target-duration=2000000000']);
  return join(folder, name);
}

class Origin {
  constructor(child, port) {
    this.child = child;
    this.base = `http://127.0.0.1:${port}/out/v1/default/live/`;
  }

  url(endpoint) {
    return this.base + MANIFESTS[endpoint];
  }

  /** Until there are @count segments at least, in all that is listed */
  async ready(count, seconds) {
    const client = new Client();
    for (const [name, path] of Object.entries(MANIFESTS))
      await until(name, async () => (await client.get(this.base + path)).ok,
        seconds, this.child);
    await until('segments', async () => {
      const main = (await client.get(this.url('hls'))).text;
      const [child] = main.split('\n').filter(line =>
        line && !line.startsWith('#'));
      const list = await client.get(new URL(child, this.url('hls')).href);
      return list.text.split('#EXTINF').length > count;
    }, seconds, this.child);
    client.close();
    return this;
  }

  stop() {
    return this.child.stop();
  }
}

/** @settings: of the packager and its endpoints, as in a launch line */
export async function serveArchive(archive, settings = '') {
  const port = await freePort();
  return new Origin(launch(`vsjitpackager location=${archive} port=${port}
    ${settings}`), port).ready(1, 30);
}

const WINDOW = 6;

/** An archive's place by its name */
export const archiveOf = name => join(folder, name);

/** Every endpoint's window, in seconds */
export const windows = seconds => Object.keys(MANIFESTS).map(endpoint =>
  `${endpoint}::window=${seconds}000000000`).join(' ');

/** Live, into the archive @name, which goes on where there is one */
export async function serveLive(name) {
  const port = await freePort();
  return new Origin(launch(`${ladder({ gop: 1, live: true })}
    : vssegmentstore location=${join(folder, name)}
    target-duration=1000000000 : vsjitpackager port=${port}
    ${windows(WINDOW)}`),
  port).ready(WINDOW, 60);
}

const HEADERS = { 'access-control-allow-origin': '*', vary: 'Accept-Encoding',
  'cache-control': 'max-age=3600' };

/** What a Recorder would have of ffmpeg's Smooth Streaming: its manifest
 * leaves the first chunk's time out, although it is not 0 (clients.md 1). */
export function recordSmooth() {
  run('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi',
    '-i', 'testsrc2=size=320x180:rate=30:duration=8', '-f', 'lavfi',
    '-i', 'sine=sample_rate=48000:duration=8',
    ...`-map 0:v -map 0:v -map 1:a -c:v libx264 -preset ultrafast
    -pix_fmt yuv420p -bf 0 -g 60 -sc_threshold 0 -b:v:0 300k -b:v:1 150k
    -s:v:1 160x90 -c:a aac -b:a 64k -ac 2 -f smoothstreaming
    -min_frag_duration 1900000 -lookahead_count 2 out.ism`.split(/\s+/)]);
  const base = 'http://fixture.invalid/out.ism/';
  const answers = new Map();
  const add = (path, type, body) => answers.set(base + path, new Answer(
    base + path, 200, { ...HEADERS, 'content-type': type }, body));
  for (const level of readdirSync(join(folder, 'out.ism')))
    for (const name of level === 'Manifest' ? []
      : readdirSync(join(folder, 'out.ism', level)))
      add(`${level}/${name}`, 'video/mp4',
        readFileSync(join(folder, 'out.ism', level, name)));
  const manifest = readFileSync(join(folder, 'out.ism/Manifest'), 'utf8')
    .replace('<c n="0" d=', '<c n="0" t="213333" d=');
  add('Manifest', 'text/xml', gzipSync(manifest));
  answers.get(`${base}Manifest`).headers['content-encoding'] = 'gzip';
  return { url: `${base}Manifest`, rounds: [{ time: 0, answers }] };
}
