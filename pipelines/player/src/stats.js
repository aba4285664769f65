// SPDX-License-Identifier: LGPL-2.1-or-later
import { bitrate, seconds } from './format.js';
import { byId } from './dom.js';

const EMPTY = '–';

/** As broadcasters write it: 1080p30, 1080p29.97. */
function picture(video, rung) {
  if (video.videoHeight === 0) return EMPTY;
  const rate = rung?.frameRate > 0
    ? String(Math.round(rung.frameRate * 100) / 100) : '';
  return `${video.videoHeight}p${rate}`;
}

function dropped(video) {
  const quality = video.getVideoPlaybackQuality?.();
  if (!quality || quality.totalVideoFrames === 0) return EMPTY;
  return `${quality.droppedVideoFrames} of ${quality.totalVideoFrames}`;
}

/** @now: the server's wall clock, ms */
export function paintStats(video, session, now) {
  const { engine } = session;
  const rung = engine.playing();
  const values = {
    latency: seconds(engine.latency(now)),
    buffer: seconds(session.buffered()),
    bitrate: bitrate(rung?.bitrate),
    picture: picture(video, rung),
    network: bitrate(engine.throughput()),
    dropped: dropped(video),
    stalls: String(session.stalls),
  };
  for (const [name, value] of Object.entries(values)) {
    byId(`s-${name}`).textContent = value;
  }
}

export function clearStats() {
  for (const cell of document.querySelectorAll('.stats dd')) {
    cell.textContent = EMPTY;
  }
}
