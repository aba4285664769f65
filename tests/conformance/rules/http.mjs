// SPDX-License-Identifier: LGPL-2.1-or-later
// How objects are served.

import { ORIGIN } from '../lib/http.mjs';

export const rules = {
  'http-status': ['RFC9110 15.3.1', 'everything that is listed is there'],
  'http-type': ['RFC8216bis 4, RFC4337, MS-SSTR 2.2.1',
    'Content-Type names the format'],
  'http-gzip': ['Apple authoring', 'manifests come with gzip, and Vary'],
  'http-cache-manifest': ['RFC8216bis 6.2.1',
    'a live manifest is not cached for longer than a segment lasts'],
  'http-cache-segment': ['RFC8216bis 6.2.1',
    'segments, which never change, may be cached for at least a minute'],
  'http-cors': ['Fetch 3.2', 'players of other origins may read everything'],
};

const TYPES = {
  playlist: /^(application\/vnd\.apple\.mpegurl|audio\/mpegurl)$/i,
  mpd: /^application\/dash\+xml$/i,
  manifest: /^(application\/vnd\.ms-sstr\+xml|(text|application)\/xml)$/i,
  ts: /^video\/mp2t$/i,
  init: /^(video|audio|application)\/mp4$/i,
  fragment: /^((video|audio|application)\/mp4|video\/iso\.segment)$/i,
};
const MANIFESTS = new Set(['playlist', 'mpd', 'manifest']);

// smaller ones need not be worth it
const GZIP_FROM = 1024;
const MIN_SEGMENT_AGE = 60;

const maxAge = headers =>
  Number(/(?:^|[\s,])max-age=(\d+)/.exec(headers['cache-control'])?.[1] ?? NaN);

export function checkAnswer(report, answer, role) {
  const { headers, url } = answer;
  if (!report.check('http-status', answer.ok, url,
    `status ${answer.status}`)) return;
  const type = (headers['content-type'] ?? '').split(';')[0].trim();
  report.check('http-type', TYPES[role].test(type), url,
    `Content-Type '${type}'`);
  const allowed = headers['access-control-allow-origin'];
  report.check('http-cors', allowed === '*' || allowed === ORIGIN, url,
    `Access-Control-Allow-Origin '${allowed ?? ''}'`);
  if (!MANIFESTS.has(role)) {
    report.check('http-cache-segment', maxAge(headers) >= MIN_SEGMENT_AGE, url,
      `Cache-Control '${headers['cache-control'] ?? ''}'`);
  } else if (answer.body.length >= GZIP_FROM) {
    report.check('http-gzip', answer.gzipped
      && /accept-encoding/i.test(headers.vary ?? ''), url,
    `Content-Encoding '${headers['content-encoding'] ?? ''}', `
      + `Vary '${headers.vary ?? ''}'`);
  }
}

/** @segmentSeconds: the longest that a segment lasts */
export function checkLiveCache(report, answer, segmentSeconds) {
  report.check('http-cache-manifest', maxAge(answer.headers) <= segmentSeconds
    || /no-cache|no-store/.test(answer.headers['cache-control'] ?? ''),
  answer.url, `Cache-Control '${answer.headers['cache-control'] ?? ''}' with `
    + `segments of ${segmentSeconds} s`);
}
