// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * HLS by the browser itself, where there is no Media Source Extensions (older
 * iPhones). The other engines have the same methods:
 *
 *   attach ()            starts to load
 *   rungs ()             [{id, height, frameRate, bitrate}], best first
 *   select (id)          a rung for good, or null for automatic
 *   playing ()           the rung on screen, or null
 *   span ()              {start, end, live}: what can be seeked to, in media
 *                        time; end is where live playback should be
 *   latency (now)        s behind the wall clock now (ms), or NaN
 *   wallClock (time)     ms since the epoch of a media time, or NaN
 *   throughput ()        bits a second, or NaN
 *   destroy ()
 *
 * and call back on.rungs (), on.ready () and on.error ({kind, detail, fatal}).
 */
export class NativeEngine {
  constructor(video, url, on) {
    this.video = video;
    this.url = url;
    this.abort = new AbortController();
    const { signal } = this.abort;
    video.addEventListener('loadedmetadata', () => on.ready(), { signal });
    video.addEventListener('error', () => {
      const kind = video.error?.code === MediaError.MEDIA_ERR_NETWORK
        ? 'network' : 'media';
      on.error({ kind, detail: video.error?.message, fatal: true });
    }, { signal });
  }

  attach() {
    this.video.src = this.url;
  }

  rungs() {
    return [];
  }

  select() {}

  playing() {
    const { videoHeight } = this.video;
    return videoHeight > 0 ? { id: 0, height: videoHeight } : null;
  }

  span() {
    const { seekable, duration } = this.video;
    if (seekable.length === 0) return { start: 0, end: 0, live: false };
    return {
      start: seekable.start(0),
      end: seekable.end(seekable.length - 1),
      live: duration === Infinity,
    };
  }

  wallClock(time) {
    const start = this.video.getStartDate?.().getTime() ?? NaN;
    return start + time * 1000;
  }

  latency(now) {
    return (now - this.wallClock(this.video.currentTime)) / 1000;
  }

  throughput() {
    return NaN;
  }

  destroy() {
    this.abort.abort();
    this.video.removeAttribute('src');
    this.video.load();
  }
}
