// SPDX-License-Identifier: LGPL-2.1-or-later
// The chain under test, live and as an origin over an archive.
import path from 'node:path';
import { freePort, output, until } from './process.mjs';

const BUILD = process.env.VS_BUILD_DIR;

// small enough to leave the browser a core
export const LADDER = '360p:640x360@30,800k,96k;180p:320x180@30,250k,96k';

export const MANIFESTS = {
  hls: 'hls/index.m3u8',
  cmaf: 'cmaf/index.m3u8',
  dash: 'dash/index.mpd',
  mss: 'mss/index.ism/Manifest',
};

export class Origin {
  constructor(child, port) {
    this.child = child;
    this.base = `http://127.0.0.1:${port}`;
  }

  url(format) {
    return `${this.base}/out/v1/default/live/${MANIFESTS[format]}`;
  }

  async ready(timeoutMs) {
    // Smooth Streaming waits for what it looks ahead to
    for (const format of ['hls', 'cmaf', 'dash']) {
      await until(`${format} of ${this.base}`, async () => {
        this.child.assertRunning();
        return (await fetch(this.url(format))).ok;
      }, timeoutMs);
    }
  }

  /** Ends it as Ctrl-C does; anything but exit status 0 is an error. */
  async stop() {
    const { code, signal } = await this.child.stop();
    if (code !== 0) {
      throw new Error(`${this.child.name} ended with ${code ?? signal}:\n`
        + this.child.tail());
    }
  }
}

/**
 * pipelines/live's program with @input (null: the test pattern) into
 * @archive. It is stopped with the case.
 */
export async function startLive(bench, {
  archive, input = null, ladder = LADDER, options = [], wait = true,
}) {
  const port = await freePort();
  const child = bench.spawn(path.join(BUILD, 'pipelines', 'live'), [
    '--port', String(port), '--out', archive,
    ...(ladder ? ['--ladder', ladder] : []), ...options,
    ...(input ? [input] : []),
  ]);
  const origin = new Origin(child, port);
  if (wait) await origin.ready(40000);
  return origin;
}

/** vsjitpackager alone over @archive. */
export async function startArchive(bench, archive) {
  const port = await freePort();
  const child = bench.spawn('gst-launch-1.0', ['-e', 'vsjitpackager',
    `location=${archive}`, `port=${port}`]);
  const origin = new Origin(child, port);
  await origin.ready(20000);
  return origin;
}

/** An archive of @seconds of the test pattern, by pipelines/live. */
export async function record(bench, seconds) {
  const archive = await bench.directory();
  const origin = await startLive(bench, {
    archive, wait: false, options: ['--duration', String(seconds)],
  });
  const { code, signal } = await origin.child.exit;
  if (code !== 0) {
    throw new Error(`live ended with ${code ?? signal}:\n`
      + origin.child.tail());
  }
  return archive;
}

/** An archive of @seconds of noise, which uses its bit rates up; not paced. */
export async function recordNoise(bench, seconds) {
  const archive = await bench.directory();
  await output('gst-launch-1.0', ['-e',
    ...`videotestsrc pattern=snow num-buffers=${seconds * 30}
      ! video/x-raw,width=640,height=360,framerate=30/1 ! ladder.video
      audiotestsrc samplesperbuffer=480 num-buffers=${seconds * 100}
      ! audio/x-raw,rate=48000 ! ladder.audio
      vsladder name=ladder speed-preset=superfast ladder=${LADDER}
      : vssegmentstore location=${archive} target-duration=2000000000`
      .split(/\s+/)]);
  return archive;
}

/** An archive of @seconds of H.265 with AAC; not paced. */
export async function recordHevc(bench, seconds) {
  const archive = await bench.directory();
  await output('gst-launch-1.0', ['-e',
    ...`videotestsrc num-buffers=${seconds * 30}
      ! video/x-raw,format=I420,width=320,height=180,framerate=30/1
      ! x265enc speed-preset=ultrafast key-int-max=60 ! h265parse
      ! mpegtsmux name=mux
      audiotestsrc samplesperbuffer=480 num-buffers=${seconds * 100}
      ! audio/x-raw,rate=48000,channels=2 ! avenc_aac ! aacparse ! mux.
      mux. ! vssegmentstore location=${archive} target-duration=2000000000`
      .split(/\s+/)]);
  return archive;
}
