// SPDX-License-Identifier: LGPL-2.1-or-later
// How the checker fetches: as a player does, from another origin, with gzip
// accepted. Each answer is kept whole, head and all. A Replay answers from
// what was kept, so that a fault can be planted on the way.

import http from 'node:http';
import https from 'node:https';
import { gunzipSync } from 'node:zlib';

export const ORIGIN = 'http://checker.invalid';

const TIMEOUT_MS = 15000;
const MAX_BODY = 256 * 1024 * 1024;
const MAX_REDIRECTS = 5;

export class Answer {
  constructor(url, status, headers, raw) {
    Object.assign(this, { url, status, headers, raw });
  }

  get ok() {
    return this.status === 200;
  }

  get body() {
    this.decoded ??= this.headers['content-encoding'] === 'gzip'
      ? gunzipSync(this.raw) : this.raw;
    return this.decoded;
  }

  get text() {
    return this.body.toString('utf8');
  }

  /** The same answer with another body */
  with(body) {
    const headers = { ...this.headers };
    delete headers['content-encoding'];
    const answer = new Answer(this.url, this.status, headers,
      Buffer.from(body));
    answer.compressed = this.gzipped;
    return answer;
  }

  /** Whether it came compressed, even when with() has changed it since */
  get gzipped() {
    return this.compressed ?? this.headers['content-encoding'] === 'gzip';
  }
}

function request(url, agents) {
  const { protocol } = new URL(url);
  const module = protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const options = { agent: agents[protocol], timeout: TIMEOUT_MS,
      headers: { 'accept-encoding': 'gzip', origin: ORIGIN } };
    const call = module.get(url, options, (response) => {
      const chunks = [];
      let size = 0;
      response.on('data', (chunk) => {
        size += chunk.length;
        if (size > MAX_BODY) call.destroy(new Error(`${url} is too large`));
        chunks.push(chunk);
      }).on('end', () => resolve(new Answer(url, response.statusCode,
        response.headers, Buffer.concat(chunks)))).on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error(`${url}: no answer`)));
    call.on('error', reject);
  });
}

export class Client {
  constructor() {
    this.agents = {
      'http:': new http.Agent({ keepAlive: true, maxSockets: 4 }),
      'https:': new https.Agent({ keepAlive: true, maxSockets: 4 }),
    };
  }

  now() {
    return Date.now();
  }

  sleep(ms) {
    return new Promise((resolve) => { setTimeout(resolve, ms); });
  }

  close() {
    for (const agent of Object.values(this.agents)) agent.destroy();
  }

  async get(url) {
    let answer = await request(url, this.agents);
    for (let i = 0; i < MAX_REDIRECTS && answer.status >= 300
      && answer.status < 400 && answer.headers.location; i++)
      answer = await request(new URL(answer.headers.location, answer.url).href,
        this.agents);
    return answer;
  }
}

/** A client whose answers are kept, a map a round of fetches. */
export class Recorder {
  constructor(client) {
    this.client = client;
    this.rounds = [];
    this.begin();
  }

  begin() {
    this.rounds.push({ time: this.client.now(), answers: new Map() });
  }

  now() {
    return this.client.now();
  }

  async sleep(ms) {
    await this.client.sleep(ms);
    this.begin();
  }

  async get(url) {
    const answer = await this.client.get(url);
    this.rounds.at(-1).answers.set(url, answer);
    return answer;
  }
}

/**
 * Answers from a Recorder's rounds: from the newest that is due. @change
 * (answer, round) returns what is answered instead.
 */
export class Replay {
  constructor(rounds, change = answer => answer) {
    this.rounds = rounds;
    this.change = change;
    this.round = 0;
  }

  now() {
    return this.rounds[this.round].time;
  }

  async sleep() {
    this.round = Math.min(this.round + 1, this.rounds.length - 1);
  }

  async get(url) {
    for (let i = this.round; i >= 0; i--) {
      const answer = this.rounds[i].answers.get(url);
      if (answer) return this.change(answer, this.round);
    }
    return new Answer(url, 404, {}, Buffer.alloc(0));
  }
}
