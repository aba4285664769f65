// SPDX-License-Identifier: LGPL-2.1-or-later
// What an MPD says, before its segments are looked at.

import { spawnSync } from 'node:child_process';

export const rules = {
  'dash-syntax': ['ISO/IEC 23009-1 5.2', 'the MPD is well-formed and complete'],
  'dash-schema': ['ISO/IEC 23009-1 annex B', 'the MPD is valid'],
  'dash-profile': ['ISO/IEC 23009-1 8.4',
    'the isoff-live profile, with what it asks for'],
  'dash-type': ['ISO/IEC 23009-1 5.3.1.2',
    'static with a duration, dynamic with its dates and its update period'],
  'dash-start': ['ISO/IEC 23009-1 5.3.1.2',
    'availabilityStartTime and publishTime are in UTC, and past'],
  'dash-utc-timing': ['ISO/IEC 23009-1 5.8.5.7',
    'UTCTiming of a dynamic MPD answers with the time'],
  'dash-ids': ['ISO/IEC 23009-1 5.3.2.2, 5.3.3.2, 5.3.5.2',
    'ids are there, and unique'],
  'dash-periods': ['ISO/IEC 23009-1 5.3.2.1',
    'periods follow each other, in a static MPD without a gap'],
  'dash-duration': ['ISO/IEC 23009-1 5.3.1.2',
    'mediaPresentationDuration is where the last period ends'],
  'dash-timeline': ['ISO/IEC 23009-1 5.3.9.6',
    'S@t continues where the last segment ends'],
  'dash-max-segment': ['ISO/IEC 23009-1 5.3.1.2, DASH-IF conformance',
    'no segment lasts longer than maxSegmentDuration'],
  'dash-window': ['ISO/IEC 23009-1 5.3.1.2',
    'what is listed is what timeShiftBufferDepth says'],
  'dash-edge': ['ISO/IEC 23009-1 5.3.9.5.3',
    'segments are listed when they are there, and soon after'],
  'dash-lang': ['ISO/IEC 23009-1 5.3.3.2, RFC5646', 'lang is a language tag'],
};

const PROFILE = 'urn:mpeg:dash:profile:isoff-live:2011';
const TOLERANCE = 0.001;

/** xmllint against the schema; null: there is no xmllint */
export function validate(schema, text) {
  const { status, stderr, error } = spawnSync('xmllint',
    ['--nonet', '--noout', '--schema', schema, '-'],
    { input: text, encoding: 'utf8' });
  if (error) return null;
  return { valid: status === 0, complaint: stderr.trim().split('\n')[0] };
}

function checkSchema(context, { text, url }) {
  if (!context.schema) return;
  const result = validate(context.schema, text);
  if (result)
    context.report.check('dash-schema', result.valid, url, result.complaint);
}

function checkType(report, mpd) {
  const { root, url } = mpd;
  const needed = mpd.dynamic
    ? ['availabilityStartTime', 'publishTime', 'minimumUpdatePeriod',
      'minBufferTime', 'profiles']
    : ['mediaPresentationDuration', 'minBufferTime', 'profiles'];
  const missing = needed.filter(name => !root.has(name));
  report.check('dash-type', missing.length === 0, url,
    `no ${missing.join(', no ')}`);
  if (!mpd.dynamic)
    report.check('dash-type', !root.has('minimumUpdatePeriod')
      && !root.has('timeShiftBufferDepth'), url,
    'a static MPD with attributes of a dynamic one');
  report.check('dash-profile', (root.get('profiles') ?? '').split(',').some(
    name => name.trim() === PROFILE), url, root.get('profiles') ?? '');
  for (const { set, template, segments } of mpd.representations)
    report.check('dash-profile', template.initialization
      && (template.duration !== undefined || template.timeline)
      && set.element.get('segmentAlignment') !== 'false', url,
    `no initialization or neither duration nor timeline, `
      + `${segments.length} segments`);
}

const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

function checkDates(report, mpd, now) {
  if (!mpd.dynamic) return;
  for (const name of ['availabilityStartTime', 'publishTime']) {
    const text = mpd.root.get(name) ?? '';
    report.check('dash-start', UTC.test(text) && Date.parse(text) <= now + 2000,
      mpd.url, `${name} '${text}'`);
  }
}

// what a clock over HTTP may be off by, in ms
const CLOCK_TOLERANCE = 2000;

const clocks = {
  'urn:mpeg:dash:utc:http-xsdate:2014': ({ text }) => Date.parse(text.trim()),
  'urn:mpeg:dash:utc:http-iso:2014': ({ text }) => Date.parse(text.trim()),
  'urn:mpeg:dash:utc:http-head:2014': ({ headers }) => Date.parse(headers.date),
};

async function checkClock(context, mpd) {
  if (!mpd.dynamic) return;
  const { report, client } = context;
  const timings = mpd.root.all('UTCTiming');
  report.check('dash-utc-timing', timings.length > 0, mpd.url, 'none');
  for (const timing of timings) {
    const [scheme, value] = [timing.get('schemeIdUri'), timing.get('value')];
    let time = scheme === 'urn:mpeg:dash:utc:direct:2014' ? Date.parse(value)
      : NaN;
    if (clocks[scheme]) {
      const answer = await client.get(new URL(value, mpd.url).href)
        .catch(error => ({ ok: false, status: error.message }));
      time = answer.ok ? clocks[scheme](answer) : NaN;
    }
    report.check('dash-utc-timing',
      Math.abs(time - client.now()) <= CLOCK_TOLERANCE, value,
      `${scheme}: ${time}`);
  }
}

const isUnique = names => names.every(name => name !== null)
  && new Set(names).size === names.length;

function checkIds(report, { periods, url }) {
  report.check('dash-ids', isUnique(periods.map(({ id }) => id)), url,
    () => `periods ${periods.map(({ id }) => id)}`);
  for (const { sets } of periods) {
    report.check('dash-ids', isUnique(sets.map(({ id }) => id)), url,
      () => `sets ${sets.map(({ id }) => id)}`);
    const ids = sets.flatMap(({ representations }) =>
      representations.map(({ id }) => id));
    report.check('dash-ids', isUnique(ids) && ids.every(id =>
      /^[^\s]+$/.test(id)), url, `representations ${ids}`);
    for (const { element } of sets)
      if (element.has('lang'))
        report.check('dash-lang', /^[a-z]{2,8}(-[a-z0-9]{1,8})*$/i.test(
          element.get('lang')), url, `'${element.get('lang')}'`);
  }
}

function checkPeriods(report, mpd) {
  const { periods, url } = mpd;
  periods.forEach((period, i) => {
    const next = periods[i + 1];
    if (!next) return;
    const end = period.start + (period.declaredDuration ?? 0);
    // live, an encoder may have been away between two
    const gap = next.start - end;
    report.check('dash-periods', period.declaredDuration === null
      ? next.start > period.start
      : gap >= -TOLERANCE && (mpd.dynamic || gap <= TOLERANCE),
    url, `'${next.id}' begins at ${next.start} after one that ends at ${end}`);
  });
  if (mpd.duration === null) return;
  const last = periods.at(-1);
  const end = last.start + last.duration;
  report.check('dash-duration', Math.abs(mpd.duration - end) <= TOLERANCE, url,
    `${mpd.duration}, the last period ends at ${end}`);
}

function checkTimelines(report, mpd) {
  for (const { id, segments, template } of mpd.representations) {
    for (const segment of segments) {
      if (template.timeline)
        report.check('dash-timeline', segment.jump === 0 && segment.duration > 0,
          `${mpd.url} ${id}`, () => `number ${segment.number} at `
            + `${segment.time}: ${segment.jump} from where the last one ends`);
      if (mpd.maxSegmentDuration !== null)
        report.check('dash-max-segment',
          segment.seconds <= mpd.maxSegmentDuration + TOLERANCE,
          `${mpd.url} ${id}`, `${segment.seconds} s`);
    }
  }
}

/** Seconds of media: time between periods counts for nothing */
const listedSeconds = (mpd, id) => mpd.representations
  .filter(one => one.id === id)
  .flatMap(({ segments }) => segments)
  .reduce((sum, { seconds }) => sum + seconds, 0);

// s: an origin's dates count from the arrival of the first picture, which a
// chain that starts delays; what follows may be there that much early
const START_UP = 0.5;

function checkEdge(report, mpd, now) {
  const listed = mpd.representations.flatMap(({ segments }) => segments);
  if (!mpd.dynamic || listed.length === 0) return;
  const longest = Math.max(...listed.map(({ seconds }) => seconds));
  const last = Math.max(...listed.map(({ start, seconds }) => start + seconds));
  for (const id of new Set(mpd.representations.map(one => one.id)))
    report.check('dash-window', listedSeconds(mpd, id) <= mpd.window + longest,
      `${mpd.url} ${id}`, () => `${listedSeconds(mpd, id).toFixed(3)} s are `
        + `listed of ${mpd.window} s`);
  const edge = (now - mpd.availabilityStart) / 1000;
  const patience = 4 * longest + (mpd.minimumUpdatePeriod ?? 0);
  report.check('dash-edge', last <= edge + START_UP && last >= edge - patience,
    mpd.url, `the last segment ends ${(edge - last).toFixed(3)} s ago`);
}

export async function checkMpd(context, mpd) {
  const { report } = context;
  checkSchema(context, mpd);
  checkType(report, mpd);
  checkDates(report, mpd, mpd.now);
  await checkClock(context, mpd);
  checkIds(report, mpd);
  checkPeriods(report, mpd);
  checkTimelines(report, mpd);
  checkEdge(report, mpd, mpd.now);
}
