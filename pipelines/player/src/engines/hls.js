// SPDX-License-Identifier: LGPL-2.1-or-later
import Hls from 'hls.js';
import { NativeEngine } from './native.js';

const CONFIG = {
  workerPath: new URL('hls.worker.js', document.baseURI).href,
  // a DVR window is played back too; what lies further behind is let go
  backBufferLength: 60,
  // the playlist of a chain that has just started may not be there yet
  manifestLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: 10000,
      maxLoadTimeMs: 20000,
      timeoutRetry: { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 },
      errorRetry: { maxNumRetry: 4, retryDelayMs: 1000, maxRetryDelayMs: 4000 },
    },
  },
};

class HlsEngine {
  constructor(video, url, on) {
    this.video = video;
    this.url = url;
    this.on = on;
    this.recoveries = 0;
    this.hls = new Hls(CONFIG);
    this.hls.on(Hls.Events.MANIFEST_PARSED, () => on.rungs());
    this.hls.on(Hls.Events.LEVEL_LOADED, () => {
      if (this.ready) return;
      this.ready = true;
      on.ready();
    });
    this.hls.on(Hls.Events.ERROR, (_, data) => this.fail(data));
  }

  attach() {
    this.hls.loadSource(this.url);
    this.hls.attachMedia(this.video);
  }

  fail(data) {
    const kind = data.type === Hls.ErrorTypes.NETWORK_ERROR
      ? 'network' : 'media';
    if (data.fatal && kind === 'media' && this.recoveries < 2) {
      this.recoveries += 1;
      this.hls.recoverMediaError();
      return;
    }
    this.on.error({
      kind,
      detail: data.details,
      status: data.response?.code,
      fatal: data.fatal,
    });
  }

  rungs() {
    return this.hls.levels
      .map((level, id) => ({
        id,
        height: level.height,
        frameRate: level.frameRate,
        bitrate: level.bitrate,
      }))
      .sort((a, b) => b.bitrate - a.bitrate);
  }

  select(id) {
    // nextLevel changes the picture at the next segment without a gap
    this.hls.nextLevel = id ?? -1;
  }

  playing() {
    const id = this.hls.currentLevel;
    return this.rungs().find((rung) => rung.id === id) ?? null;
  }

  details() {
    return this.hls.latestLevelDetails
      ?? this.hls.levels[this.hls.currentLevel]?.details;
  }

  span() {
    const details = this.details();
    if (!details) return { start: 0, end: 0, live: false };
    return {
      start: details.fragmentStart,
      end: details.live
        ? this.hls.liveSyncPosition ?? details.edge : details.edge,
      live: details.live,
    };
  }

  wallClock(time) {
    const playing = this.hls.playingDate?.getTime() ?? NaN;
    return playing + (time - this.video.currentTime) * 1000;
  }

  latency(now) {
    if (!this.details()?.live) return NaN;
    const date = this.hls.playingDate;
    return date ? (now - date.getTime()) / 1000 : this.hls.latency;
  }

  throughput() {
    return this.hls.bandwidthEstimate;
  }

  destroy() {
    this.hls.destroy();
  }
}

export function create(video, url, on) {
  return Hls.isSupported()
    ? new HlsEngine(video, url, on) : new NativeEngine(video, url, on);
}
