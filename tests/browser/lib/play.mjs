// SPDX-License-Identifier: LGPL-2.1-or-later
// A stream played by a player, and what is expected of it.
import assert from 'node:assert/strict';
import { sleep, until } from './process.mjs';

/** Mean and spread of a PNG's luma, and its pixels for comparison. */
async function luma(page, png) {
  return page.evaluate(async (base64) => {
    const blob = await (await fetch(`data:image/png;base64,${base64}`)).blob();
    const bitmap = await createImageBitmap(blob);
    const canvas = new OffscreenCanvas(160, 90);
    const context = canvas.getContext('2d');
    context.drawImage(bitmap, 0, 0, 160, 90);
    const { data } = context.getImageData(0, 0, 160, 90);
    const values = [];
    for (let i = 0; i < data.length; i += 4) {
      values.push(Math.round(
        0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2]));
    }
    const mean = values.reduce((a, b) => a + b) / values.length;
    const spread = Math.sqrt(values
      .reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
    return { values, mean, spread };
  }, png.toString('base64'));
}

export class Play {
  /** Opens the page of @player on @url and waits for the first frame. */
  static async start(bench, player, url, options = {}) {
    const page = await bench.page();
    const play = new Play(page, `${player} ${url}`);
    page.on('response', (response) => {
      const status = response.status();
      play.statuses[status] = (play.statuses[status] ?? 0) + 1;
      if (status >= 400 && !response.url().endsWith('/favicon.ico')) {
        play.failures.push(`${status} ${response.url()}`);
      }
    });
    const query = new URLSearchParams({ player, url, ...options });
    await page.goto(`${bench.pages}/play.html?${query}`);
    await until(`a frame from ${play.name}`, async () => {
      const { started, errors } = await play.report();
      if (errors.length > 0) throw new Error(errors.join('; '));
      return started;
    }, 20000);
    return play;
  }

  constructor(page, name) {
    this.page = page;
    this.name = name;
    this.statuses = {};
    this.failures = [];
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

  /** Rungs from small to large. */
  async levels() {
    const levels = await this.page.evaluate(() => player.levels());
    return levels.sort((a, b) => a.height - b.height);
  }

  /** Awaits that the picture has @height. */
  shows(height, timeoutMs = 20000) {
    return until(`${this.name} at ${height}`, () => this.page.evaluate(
      (wanted) => document.getElementById('video').videoHeight === wanted,
      height), timeoutMs);
  }

  /** Awaits that @seconds more of media have passed. */
  async watch(seconds) {
    const from = (await this.report()).mediaTime;
    await this.reports(`${seconds} s more`,
      ({ mediaTime }) => mediaTime >= from + seconds, seconds * 1500 + 10000);
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

  /**
   * Two pictures half a second apart must be lit, and differ: soon, for a clip
   * may begin in black.
   */
  async assertPicture(timeoutMs = 15000) {
    const shot = async () => luma(this.page,
      await this.page.locator('video').screenshot());
    await until(`${this.name}: a lit and moving picture`, async () => {
      const first = await shot();
      await sleep(500);
      const second = await shot();
      const change = first.values.reduce((sum, v, i) =>
        sum + Math.abs(v - second.values[i]), 0) / first.values.length;
      this.picture = `luma ${first.mean.toFixed(0)}±`
        + `${first.spread.toFixed(0)} change ${change.toFixed(2)}`;
      return first.mean > 8 && first.spread > 4 && change > 0.05;
    }, timeoutMs).catch((error) => {
      throw new Error(`${error.message}: ${this.picture}`);
    });
  }

  /** One line of what was seen. */
  describe(r) {
    return `${this.name}: ${r.mediaTime.toFixed(1)} s of media,`
      + ` ${r.stalls} stalls (${r.stalledMs.toFixed(0)} ms), ${r.jumps} jumps,`
      + ` sizes ${r.sizes.join(' ')}, ${r.frames} frames,`
      + ` ${r.dropped} dropped, latency ${Number(r.latency).toFixed(1)} s,`
      + ` ${this.picture ?? 'no picture taken'},`
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
