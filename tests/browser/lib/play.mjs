// SPDX-License-Identifier: LGPL-2.1-or-later
// A stream played by a player, and what is expected of it.
import assert from 'node:assert/strict';
import { until } from './process.mjs';
import { unsigned } from './signed.mjs';

const FIRST_FRAME_MS = 40000;

export class Play {
  /** Opens the page of @player on @url. */
  static async open(bench, player, url, options = {}) {
    const page = await bench.page();
    const play = new Play(page, `${player} ${unsigned(url)}`);
    page.on('request', (request) => {
      if (!request.url().startsWith(bench.pages)) play.urls.add(request.url());
    });
    page.on('response', (response) => {
      const status = response.status();
      play.statuses[status] = (play.statuses[status] ?? 0) + 1;
      if (status >= 400 && !response.url().endsWith('/favicon.ico')) {
        play.failures.push(`${status} ${unsigned(response.url())}`);
      }
    });
    page.on('requestfailed', (request) => {
      const { errorText } = request.failure();
      // players and the element give up by themselves what they can do without
      if (errorText !== 'net::ERR_ABORTED') {
        play.failures.push(`${errorText} ${unsigned(request.url())}`);
      }
    });
    for (const event of ['crash', 'pageerror']) {
      page.on(event, (error) => play.failures.push(`${event} ${error}`));
    }
    const query = new URLSearchParams({ player, url, ...options });
    await page.goto(`${bench.pages}/play.html?${query}`);
    return play;
  }

  /** The same, and waits for the first frame. */
  static async start(bench, player, url, options = {}) {
    const play = await Play.open(bench, player, url, options);
    await until(`a frame from ${play.name}`, async () => {
      const { started, errors } = await play.report();
      if (errors.length > 0) throw new Error(errors.join('; '));
      return started;
    }, FIRST_FRAME_MS);
    return play;
  }

  constructor(page, name) {
    this.page = page;
    this.name = name;
    this.statuses = {};
    this.failures = [];
    this.urls = new Set();
    this.startedAt = Date.now();
  }

  report() {
    return this.page.evaluate(() => ({
      ...report,
      ...(({ totalVideoFrames: frames, droppedVideoFrames: dropped }) =>
        ({ frames, dropped }))(video.getVideoPlaybackQuality()),
      audioBytes: video.webkitAudioDecodedByteCount,
    }));
  }

  select(id) {
    return this.page.evaluate((level) => player.select(level), id);
  }

  /** Goes to where the stream begins. */
  async rewind() {
    await this.page.evaluate(() => {
      video.currentTime = player.rangeStart() + 0.1;
    });
    await this.reports('play from the start', ({ position, rangeStart, ahead }) =>
      position < rangeStart + 10 && ahead > 1, 30000);
  }

  /** Rungs from small to large. */
  async levels() {
    const levels = await this.page.evaluate(() => player.levels());
    return levels.sort((a, b) => a.height - b.height);
  }

  /** Awaits that the picture has @height. */
  shows(height, timeoutMs = 40000) {
    return until(`${this.name} at ${height}`, () => this.page.evaluate(
      (wanted) => document.getElementById('video').videoHeight === wanted,
      height), timeoutMs);
  }

  /** Awaits that @seconds more of media have passed. */
  async watch(seconds) {
    await this.watchUntil((await this.report()).mediaTime + seconds);
  }

  /** Awaits that @seconds of media have passed in all. */
  async watchUntil(seconds) {
    await this.reports(`${seconds} s of media`,
      ({ mediaTime }) => mediaTime >= seconds, seconds * 1500 + 20000);
  }

  /** Awaits the end of a finished stream. */
  async ended(timeoutMs) {
    await this.reports('the end', ({ ended }) => ended, timeoutMs);
  }

  /** Awaits that a report @holds; else says what the last one was. */
  async reports(what, holds, timeoutMs) {
    let last;
    await until(what, async () => {
      last = await this.report();
      return holds(last);
    }, timeoutMs).catch((error) => {
      throw new Error(`${error.message}: ${this.describe(last)}`);
    });
  }

  /** Forgets the pictures so far: the next rung is to show its own. */
  forgetPicture() {
    return this.page.evaluate(() => {
      Object.assign(report.picture, { luma: 0, spread: 0, change: 0 });
    });
  }

  /** Awaits that a lit and moving picture was shown. */
  async assertPicture(timeoutMs = 30000) {
    await this.reports('a lit and moving picture', ({ picture }) =>
      picture.luma > 8 && picture.spread > 4 && picture.change > 0.05,
    timeoutMs);
  }

  /** Awaits @seconds buffered ahead. */
  async buffered(seconds, timeoutMs = 30000) {
    await this.reports(`${seconds} s ahead`, ({ ahead }) => ahead >= seconds,
      timeoutMs);
  }

  /** One line of what was seen. */
  describe(r) {
    return `${this.name}: ${r.mediaTime.toFixed(1)} s of media,`
      + ` ${r.stalls} stalls (${r.stalledMs.toFixed(0)} ms; longest pause`
      + ` ${r.pausedMs.toFixed(0)} ms), ${r.jumps} jumps,`
      + ` sizes ${r.sizes.join(' ')}, ${r.frames} frames,`
      + ` ${r.dropped} dropped, latency ${Number(r.latency).toFixed(1)} s,`
      + ` luma ${r.picture.luma.toFixed(0)}±${r.picture.spread.toFixed(0)}`
      + ` change ${r.picture.change.toFixed(2)},`
      + ` HTTP ${JSON.stringify(this.statuses)},`
      + ` errors ${JSON.stringify(r.errors)},`
      + ` warnings ${JSON.stringify(r.warnings)}`;
  }

  /**
   * Ends the watch: a line of what was seen, and its judgement.
   * @seconds: of media that must have passed
   * @stalls: how many are allowed
   */
  async finish(bench, { seconds, stalls = 0 }) {
    const r = await this.report();
    bench.note(this.describe(r));
    assert.deepEqual(r.errors, [], `${this.name}: player errors`);
    assert.deepEqual(this.failures, [], `${this.name}: HTTP failures`);
    assert.ok(r.mediaTime >= seconds,
      `${this.name}: ${r.mediaTime} s of media passed, not ${seconds}`);
    assert.ok(r.stalls <= stalls, `${this.name}: ${r.stalls} stalls`);
    assert.ok(r.audioBytes > 0, `${this.name}: no sound was decoded`);
    await this.page.context().close();
    return r;
  }
}
