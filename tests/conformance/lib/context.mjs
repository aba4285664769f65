// SPDX-License-Identifier: LGPL-2.1-or-later
// What a run of the checker has fetched and read so far. Manifests are fetched
// anew each time; a segment, which never changes, once.

import { checkAnswer } from '../rules/http.mjs';
import { checkHeader } from '../rules/cmaf.mjs';
import { parseFragment, parseInit } from './media.mjs';

export class Context {
  /** @limit: segments a track; @schema: DASH-MPD.xsd, or null */
  constructor(client, report, { limit = 300, schema = null } = {}) {
    Object.assign(this, { client, report, limit, schema });
    this.limited = false;
    this.segments = new Map();
    this.inits = new Map();
  }

  async fetch(url, role) {
    try {
      const answer = await this.client.get(url);
      checkAnswer(this.report, answer, role);
      return answer;
    } catch (error) {
      if (error.isMistake) throw error;
      this.report.check('http-status', false, url, error.message);
      return { ok: false, url };
    }
  }

  manifest(url, role) {
    return this.fetch(url, role);
  }

  take(segments) {
    if (segments.length > this.limit) this.limited = true;
    return segments.slice(0, this.limit);
  }

  /** What @parse makes of the body; null where it is missing or can't. What
   * @parse throws is a breach of @rule. */
  async segment(url, role, rule, parse) {
    if (!this.segments.has(url)) {
      const answer = await this.fetch(url, role);
      const media = answer.ok
        ? this.report.attempt(rule, url, () => parse(answer.body)) : null;
      this.segments.set(url, media && Object.assign(media,
        { answer }));
    }
    return this.segments.get(url);
  }

  async init(url) {
    if (!this.inits.has(url)) {
      const answer = await this.fetch(url, 'init');
      const init = answer.ok
        ? this.report.attempt('cmaf-header', url, () => parseInit(answer.body))
        : null;
      if (init) {
        Object.assign(init, { url, answer });
        checkHeader(this.report, init);
      }
      this.inits.set(url, init);
    }
    return this.inits.get(url);
  }

  async fragment(url, initUrl, rule) {
    const init = await this.init(initUrl);
    if (!init) return null;
    return this.segment(url, 'fragment', rule,
      body => parseFragment(body, init));
  }
}
