// SPDX-License-Identifier: LGPL-2.1-or-later
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { chromium } from 'playwright-core';
import { Child } from './process.mjs';

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic',
  '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

// what the pages of lib/ are served from, by the name in their script tags
const FILES = {
  '/play.html': ['lib/play.html', 'text/html'],
  '/play.js': ['lib/play.js', 'text/javascript'],
  '/beeps.js': ['lib/beeps.js', 'text/javascript'],
  '/hls.js': ['node_modules/hls.js/dist/hls.min.js', 'text/javascript'],
  '/dash.js': ['node_modules/dashjs/dist/modern/umd/dash.all.min.js',
    'text/javascript'],
  '/dash.mss.js': ['node_modules/dashjs/dist/modern/umd/dash.mss.min.js',
    'text/javascript'],
  '/isoboxer.js': ['node_modules/codem-isoboxer/dist/iso_boxer.min.js',
    'text/javascript'],
  '/shaka.js': ['node_modules/shaka-player/dist/shaka-player.compiled.js',
    'text/javascript'],
  '/shaka-lts.js': ['node_modules/shaka-player-lts/dist/shaka-player.compiled.js',
    'text/javascript'],
};

export class Skip extends Error {}

/**
 * What all groups share: the browser, a server for the players' pages (of
 * another origin than the streams', as in life), and what a group leaves to be
 * cleaned up.
 */
export class Bench {
  static async open() {
    const bench = new Bench();
    bench.root = await mkdtemp(path.join(os.tmpdir(), 'vs-browser-'));
    bench.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: FLAGS,
    });
    bench.server = http.createServer(Bench.serve);
    bench.server.listen(0, '127.0.0.1');
    await once(bench.server, 'listening');
    bench.pages = `http://127.0.0.1:${bench.server.address().port}`;
    bench.children = [];
    bench.contexts = [];
    bench.failed = 0;
    return bench;
  }

  static async serve(request, response) {
    const { pathname } = new URL(request.url, 'http://localhost');
    const [file, type] = FILES[pathname] ?? [];
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    const body = await readFile(new URL(`../${file}`, import.meta.url));
    response.writeHead(200, { 'Content-Type': type }).end(body);
  }

  directory() {
    return mkdtemp(path.join(this.root, 'd-'));
  }

  spawn(command, args, options = {}) {
    const child = new Child(command, args, {
      cwd: this.root,
      env: { ...process.env, GST_REGISTRY: path.join(this.root, 'registry') },
      ...options,
    });
    this.children.push(child);
    return child;
  }

  async page(options = {}) {
    const context = await this.browser.newContext({
      viewport: { width: 800, height: 500 }, ...options,
    });
    this.contexts.push(context);
    return context.newPage();
  }

  note(text) {
    for (const line of String(text).split('\n')) console.log(`# ${line}`);
  }

  /** Runs a group: its checks, and what they share. */
  async group(name, body) {
    this.name = name;
    try {
      await body(this);
    } catch (error) {
      this.tell('set-up', error);
    }
    await this.clean();
  }

  /** Runs one check of the group and tells how it went. */
  async check(title, body) {
    const started = Date.now();
    let failure = null;
    try {
      await body();
    } catch (error) {
      failure = error;
    }
    await this.closePages();
    const took = ((Date.now() - started) / 1000).toFixed(0);
    this.tell(`${title} (${took} s)`, failure);
  }

  tell(title, failure) {
    const skipped = failure instanceof Skip;
    if (failure && !skipped) {
      this.failed += 1;
      this.note(failure.stack ?? failure);
    }
    console.log(`${failure && !skipped ? 'not ok' : 'ok'}`
      + ` browser ${this.name}: ${title}`
      + (skipped ? ` # SKIP ${failure.message}` : ''));
  }

  closePages() {
    return Promise.all(this.contexts.splice(0).map((c) => c.close()));
  }

  async clean() {
    await this.closePages();
    await Promise.all(this.children.splice(0).map((c) => c.stop()));
  }

  async close() {
    await this.clean();
    await this.browser.close();
    this.server.close();
    await rm(this.root, { recursive: true, force: true });
  }
}
