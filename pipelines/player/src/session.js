// SPDX-License-Identifier: LGPL-2.1-or-later

// kept apart from the page's own code: loaded when first used
const ENGINES = {
  hls: () => import('./engines/hls.js'),
  dash: () => import('./engines/dash.js'),
};

/**
 * One stream being played: an engine, and what is counted while it plays.
 * Calls back on.rungs (), on.ready () and on.error (error).
 */
export class Session {
  static async open(video, endpoint, on) {
    const { create } = await ENGINES[endpoint.engine]();
    return new Session(video, create(video, endpoint.url, on));
  }

  constructor(video, engine) {
    this.video = video;
    this.engine = engine;
    this.stalls = 0;
    this.abort = new AbortController();
    const { signal } = this.abort;
    // waiting after the first frame, and not because of a seek, is a stall
    video.addEventListener('playing', () => { this.started = true; },
      { signal });
    video.addEventListener('seeking', () => { this.seeking = true; },
      { signal });
    video.addEventListener('playing', () => { this.seeking = false; },
      { signal });
    video.addEventListener('waiting', () => {
      if (this.started && !this.seeking) this.stalls += 1;
    }, { signal });
    engine.attach();
  }

  /** s of media ahead of the playhead */
  buffered() {
    const { buffered, currentTime } = this.video;
    for (let i = 0; i < buffered.length; i += 1) {
      // a frame's worth of slack at the front of a range
      if (currentTime >= buffered.start(i) - 0.1
          && currentTime < buffered.end(i)) {
        return buffered.end(i) - currentTime;
      }
    }
    return 0;
  }

  atLiveEdge() {
    const { end, live } = this.engine.span();
    // players hover around their target: three seconds are still "live"
    return live && this.video.currentTime > end - 3;
  }

  seekToEnd() {
    const { end, live } = this.engine.span();
    // the very last frame of a finished stream would only end it
    this.seek(live ? end : end - 0.5);
  }

  seek(time) {
    const { start, end } = this.engine.span();
    this.video.currentTime = Math.min(Math.max(time, start), end);
  }

  close() {
    this.abort.abort();
    this.engine.destroy();
  }
}
