// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ffmpeg reads what is on demand to its end: each format, with the endpoint's
// settings that change it. It has to find every picture and all of the sound.
// And two origins give the same answers.

import { createHash } from 'node:crypto';
import { Client } from '../lib/http.mjs';
import { run as execute } from '../lib/process.mjs';
import { MANIFESTS, serveArchive } from '../lib/sources.mjs';
import { judgeVariants } from '../lib/variants.mjs';

// ffmpeg has no reader of Smooth Streaming
const READ = Object.keys(MANIFESTS).filter(name => name !== 'mss');
const SECONDS = 12;
const PICTURES = SECONDS * 30;
const RATE = 48000;

/** Pictures and seconds of sound that ffmpeg decodes of the best rendition */
function decodeInFfmpeg(url) {
  const count = stream => execute('ffprobe', ['-v', 'error', '-count_frames',
    '-select_streams', `${stream}:0`, '-show_entries',
    'stream=nb_read_frames', '-of', 'default=nw=1:nk=1', url])
    .trim().split('\n')[0];
  return { pictures: Number(count('v')),
    sound: Number(count('a')) * 1024 / RATE };
}

function judge(tap, what, url) {
  const heard = decodeInFfmpeg(url);
  const faults = [];
  if (heard.pictures !== PICTURES)
    faults.push(`${heard.pictures} pictures of ${PICTURES}`);
  if (Math.abs(heard.sound - SECONDS) > 0.1)
    faults.push(`${heard.sound} s of sound, not ${SECONDS}`);
  tap.result(`clients: ffmpeg reads ${what}`, faults);
}

/** All URLs that a presentation names, itself first */
async function crawl(client, url) {
  const found = [url];
  const { text } = await client.get(url);
  for (const [, uri] of text.matchAll(/^([^#\s<].*)$|URI="([^"]+)"/gm)) {
    if (!uri) continue;
    const next = new URL(uri, url).href;
    found.push(...uri.includes('.m3u8') ? await crawl(client, next) : [next]);
  }
  return found;
}

/** Every answer of one origin, by URL path: its hash and its entity tag */
async function collect(origin, paths) {
  const client = new Client();
  const answers = new Map();
  for (const path of paths) {
    const answer = await client.get(origin.base + path);
    answers.set(path, [answer.status, answer.headers.etag,
      createHash('sha256').update(answer.raw).digest('hex')].join(' '));
  }
  client.close();
  return answers;
}

async function judgeEquality(tap, archive) {
  const origins = [await serveArchive(archive), await serveArchive(archive)];
  const client = new Client();
  const urls = [];
  for (const endpoint of ['hls', 'cmaf'])
    urls.push(...await crawl(client, origins[0].url(endpoint)));
  client.close();
  const paths = [...new Set(urls.map(url =>
    url.slice(origins[0].base.length))), MANIFESTS.dash, MANIFESTS.mss];
  const [first, second] = [await collect(origins[0], paths),
    // in another order, so that nothing hangs on what came before
    await collect(origins[1], paths.toReversed?.() ?? [...paths].reverse())];
  const differing = paths.filter(path => first.get(path) !== second.get(path)
    || !first.get(path).startsWith('200'));
  tap.result(`clients: two origins give the same ${paths.length} answers`,
    differing.slice(0, 5));
  for (const origin of origins) await origin.stop();
}

export async function run(tap) {
  const archive = await judgeVariants('clients',
    { seconds: SECONDS, formats: READ },
    (what, url) => judge(tap, what, url));
  await judgeEquality(tap, archive);
}
