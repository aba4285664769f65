// SPDX-License-Identifier: LGPL-2.1-or-later
// What pipelines/live takes in, and what it says when it cannot.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { MANIFESTS, startLive } from '../lib/chain.mjs';
import { looped } from '../lib/clips.mjs';
import { Play } from '../lib/play.mjs';
import { freePort, until } from '../lib/process.mjs';

const CLIP = 'H.264 and AAC, 720p30';

const send = (bench, clip, format, url) => bench.spawn('ffmpeg',
  ['-v', 'error', '-re', '-stream_loop', '-1', '-i', clip, '-c', 'copy',
    '-f', format, url]);

/** A feed that @format sends to @url; @input is what live is told. */
async function feed(bench, clip, format, url, input) {
  const origin = await startLive(bench, {
    archive: await bench.directory(), input, wait: false,
  });
  // an SRT caller needs its listener, datagrams need nobody
  if (format === 'mpegts' && url.startsWith('srt:')) {
    await until('the listener', () => origin.child.output.includes('Player'));
  }
  const sender = send(bench, clip, format, url);
  await origin.ready(40000);
  const play = await Play.start(bench, 'hls', origin.url('hls'));
  await play.watch(4);
  await play.assertPicture();
  await play.finish(bench, { seconds: 4 });
  await origin.stop();
  await sender.stop();
}

async function feeds(bench) {
  const clip = await looped(bench, CLIP, 30);
  const port = await freePort();
  const kinds = {
    'TS in UDP': ['mpegts', `udp://127.0.0.1:${port}?pkt_size=1316`,
      `udp://:${port}`],
    'TS in RTP': ['rtp_mpegts', `rtp://127.0.0.1:${port}`, `udp://:${port}`],
    'TS in SRT, encrypted': ['mpegts',
      `srt://127.0.0.1:${port}?passphrase=0123456789abcdef`,
      `srt://:${port}?passphrase=0123456789abcdef`],
  };
  for (const [title, [format, url, input]] of Object.entries(kinds)) {
    await bench.check(title, () => feed(bench, clip, format, url, input));
  }
}

/** Ends by itself, not with 0, and says @expected. */
async function refuses(bench, options, expected) {
  const origin = await startLive(bench, {
    archive: await bench.directory(), wait: false, ...options,
  });
  const { code } = await origin.child.exit;
  assert.ok(code > 0, `exit status ${code}`);
  assert.match(origin.child.output, expected);
  assert.doesNotMatch(origin.child.output, /CRITICAL/);
}

async function refusals(bench) {
  await bench.check('no such file', () => refuses(bench,
    { input: 'missing.mp4' }, /There is no file missing\.mp4/));
  await bench.check('no media file', () => refuses(bench,
    { input: '/etc/passwd' }, /cannot|can decode|no media file/));
  await bench.check('an RTMP server that is not there', async () => refuses(
    bench, { input: `rtmp://127.0.0.1:${await freePort()}/live/key` },
    /Check the input's address/));
  await bench.check('a bad ladder', () => refuses(bench,
    { ladder: 'nonsense' }, /ladder/));
  await bench.check('a port in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    try {
      await refuses(bench,
        { options: ['--port', String(taken.address().port)] }, /--port/);
    } finally {
      taken.close();
    }
  });
}

async function secrets(bench) {
  const origin = await startLive(bench, {
    archive: await bench.directory(), wait: false,
    input: `srt://:${await freePort()}?passphrase=verysecret42`,
  });
  await until('the line', () => origin.child.output.includes('Player'));
  assert.doesNotMatch(origin.child.output, /verysecret42/);
  await origin.stop();
}

/** A caller that goes away leaves a source that waits for the next one. */
async function callerGone(bench) {
  const port = await freePort();
  const archive = await bench.directory();
  const origin = await startLive(bench, {
    archive, input: `srt://:${port}`, wait: false,
  });
  await until('the listener', () => origin.child.output.includes('Player'));
  const sender = send(bench, await looped(bench, CLIP, 30), 'mpegts',
    `srt://127.0.0.1:${port}`);
  await origin.ready(40000);
  await sender.stop('SIGKILL');
  await origin.stop();
  const child = path.join(archive, 'default', 'live', 'index_360p.m3u8');
  assert.match(await readFile(child, 'utf8'), /#EXT-X-ENDLIST/);
}

async function waiting(bench) {
  const origin = await startLive(bench, {
    archive: await bench.directory(), wait: false,
    input: `udp://:${await freePort()}`,
  });
  await until('it waits', () => origin.child.output.includes('Waiting'));
  await origin.stop();
}

/** The printed line is the one that runs: each part of it can be found. */
async function introduction(bench) {
  const archive = await bench.directory();
  const origin = await startLive(bench, { archive });
  const text = origin.child.output;
  assert.match(text, /^gst-launch-1\.0 -e .*vsladder.*vssegmentstore/m);
  assert.ok(text.includes(archive));
  for (const manifest of Object.values(MANIFESTS)) {
    assert.ok(text.includes(`/out/v1/default/live/${manifest}`));
  }
  await until('a status line', () => /encoding \d\.\d+x.*\| segments \d+ \|/
    .test(origin.child.output) && /viewers \d+ \| out /
    .test(origin.child.output));
  await origin.stop();
  assert.match(origin.child.output, /segments in .*serve them again/);
}

export default async function inputs(bench) {
  await feeds(bench);
  await refusals(bench);
  await bench.check('a passphrase is not printed', () => secrets(bench));
  await bench.check('Ctrl-C after the caller has gone',
    () => callerGone(bench));
  await bench.check('Ctrl-C while it waits', () => waiting(bench));
  await bench.check('what it prints', () => introduction(bench));
}
