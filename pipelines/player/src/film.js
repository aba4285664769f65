// SPDX-License-Identifier: LGPL-2.1-or-later
// A file that plays by signed URLs: when one is over, the next one goes on
// where it was.

// a URL that is not over yet has failed for another reason: how often a new
// one is tried all the same, without a second of playback in between
const MAX_ATTEMPTS = 3;
const RETRY_MS = 1000;
// what is nearly over is over when its answer comes
const MARGIN_MS = 2000;

export class Film {
  /**
   * @account: Account; @file: {url}; @on: {address({url, seconds}),
   * loading(boolean), error(AccountError or MediaError)}
   */
  constructor(video, account, file, on) {
    this.video = video;
    this.account = account;
    this.file = file;
    this.on = on;
    this.time = 0;
    this.attempts = 0;
    this.listeners = new AbortController();
    this.listen();
  }

  listen() {
    const { video } = this;
    const listen = (name, call) => video.addEventListener(name, call,
      { signal: this.listeners.signal });
    listen('timeupdate', () => this.moved());
    listen('seeking', () => this.moved());
    listen('playing', () => this.on.loading(false));
    listen('canplay', () => this.on.loading(false));
    listen('waiting', () => {
      this.on.loading(true);
      if (this.isOver()) this.renew();
    });
    listen('error', () => this.failed());
  }

  isOver() {
    return performance.now() > this.deadline - MARGIN_MS;
  }

  moved() {
    // of what is being loaded the position is not known yet
    if (this.renewing || this.video.readyState === 0) return;
    const moved = Math.abs(this.video.currentTime - this.time) > 1;
    if (moved && !this.video.seeking) this.attempts = 0;
    this.time = this.video.currentTime;
  }

  /** Starts it; resolves when its address is known. */
  async start() {
    this.wantsPlay = true;
    await this.renew();
  }

  async failed() {
    const { error } = this.video;
    if (this.closed || this.renewing || !error) return;
    if (this.isOver()) this.attempts = 0;
    if (this.attempts >= MAX_ATTEMPTS
      || error.code === MediaError.MEDIA_ERR_DECODE) {
      this.on.error(error);
      return;
    }
    this.attempts += 1;
    this.wantsPlay = !this.video.paused;
    if (this.attempts > 1) {
      this.on.loading(true);
      await new Promise((resolve) => { setTimeout(resolve, RETRY_MS); });
    }
    await this.renew();
  }

  /** Gets a new URL, and goes on by it at the same position. */
  async renew() {
    if (this.closed || this.renewing) return;
    this.renewing = true;
    const playing = this.wantsPlay || !this.video.paused;
    this.wantsPlay = false;
    this.on.loading(true);
    try {
      const address = await this.account.sign(this.file.url);
      if (this.closed) return;
      this.deadline = performance.now() + address.seconds * 1000;
      this.on.address(address);
      this.load(address.url, playing);
    } catch (error) {
      if (!this.closed) this.on.error(error);
    } finally {
      this.renewing = false;
    }
  }

  load(url, playing) {
    const { video } = this;
    const time = this.time;
    video.src = url;
    if (time > 0) {
      video.addEventListener('loadedmetadata', () => {
        video.currentTime = time;
      }, { once: true, signal: this.listeners.signal });
    }
    // a browser that does not start by itself leaves that to its controls
    if (playing) video.play().catch(() => this.on.loading(false));
    else this.on.loading(false);
  }

  close() {
    this.closed = true;
    this.listeners.abort();
    this.video.removeAttribute('src');
    this.video.load();
  }
}
