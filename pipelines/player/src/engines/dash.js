// SPDX-License-Identifier: LGPL-2.1-or-later
import { MediaPlayer } from 'dashjs';

const SETTINGS = {
  debug: { logLevel: 0 },
  streaming: {
    buffer: { bufferToKeep: 60 },
    // a rung chosen by hand shows soon, without throwing the buffer away
    // that is being played
    abr: { autoSwitchBitrate: { video: true, audio: true } },
  },
};

const NETWORK_ERRORS = new Set([
  'MANIFEST_LOADER_LOADING_FAILURE_ERROR_CODE',
  'FRAGMENT_LOADER_LOADING_FAILURE_ERROR_CODE',
  'DOWNLOAD_ERROR_ID_MANIFEST_CODE',
  'DOWNLOAD_ERROR_ID_CONTENT_CODE',
  'DOWNLOAD_ERROR_ID_INITIALIZATION_CODE',
]);

class DashEngine {
  constructor(video, url, on) {
    const { events, errors } = MediaPlayer;
    const network = new Set([...NETWORK_ERRORS].map((name) => errors[name]));
    this.video = video;
    this.url = url;
    this.player = MediaPlayer().create();
    this.player.updateSettings(SETTINGS);
    this.player.initialize(video, null, video.autoplay);
    // the manifest names its own clock: no third party is asked for the time
    this.player.clearDefaultUTCTimingSources();
    this.player.on(events.STREAM_INITIALIZED, () => {
      on.rungs();
      on.ready();
    });
    this.player.on(events.ERROR, ({ error }) => on.error({
      kind: network.has(error.code) ? 'network' : 'media',
      detail: error.message,
      status: error.data?.response?.status,
      fatal: true,
    }));
  }

  attach() {
    this.player.attachSource(this.url);
  }

  rungs() {
    return this.player.getRepresentationsByType('video')
      .map(DashEngine.rung)
      .sort((a, b) => b.bitrate - a.bitrate);
  }

  static rung(representation) {
    return {
      id: representation.id,
      height: representation.height,
      frameRate: representation.frameRate,
      bitrate: representation.bandwidth,
    };
  }

  select(id) {
    this.player.updateSettings({
      streaming: { abr: { autoSwitchBitrate: { video: id === null } } },
    });
    if (id !== null) {
      this.player.setRepresentationForTypeById('video', id, true);
    }
  }

  playing() {
    const now = this.player.isReady()
      ? this.player.getCurrentRepresentationForType('video') : null;
    return now ? DashEngine.rung(now) : null;
  }

  span() {
    if (!this.player.isReady()) return { start: 0, end: 0, live: false };
    const live = this.player.isDynamic();
    if (!live) {
      const { seekable } = this.video;
      return seekable.length > 0
        ? { start: seekable.start(0), end: seekable.end(0), live }
        : { start: 0, end: 0, live };
    }
    const { start, end } = this.player.getDvrWindow();
    const delay = this.player.getTargetLiveDelay();
    return {
      start,
      end: Math.max(start, end - (Number.isFinite(delay) ? delay : 0)),
      live,
    };
  }

  wallClock(time) {
    if (!this.player.isReady() || !this.player.isDynamic()) return NaN;
    const { end, endAsUtc } = this.player.getDvrWindow();
    return (endAsUtc + time - end) * 1000;
  }

  latency() {
    return this.player.isReady() && this.player.isDynamic()
      ? this.player.getCurrentLiveLatency() : NaN;
  }

  throughput() {
    return this.player.getAverageThroughput('video') * 1000;
  }

  destroy() {
    this.player.destroy();
  }
}

export function create(video, url, on) {
  if (!('MediaSource' in window || 'ManagedMediaSource' in window)) {
    throw Object.assign(new Error('no Media Source'), { kind: 'unsupported' });
  }
  return new DashEngine(video, url, on);
}
