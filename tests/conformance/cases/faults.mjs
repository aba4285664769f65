// SPDX-License-Identifier: LGPL-2.1-or-later
// Every rule is shown to catch a fault. Sound presentations are recorded once;
// each fault is planted in what is replayed of them, and must break its rule,
// those that depend on it, and none else.

import { Answer, Client, Recorder, Replay } from '../lib/http.mjs';
import { Context } from '../lib/context.mjs';
import { check, rules } from '../lib/presentation.mjs';
import { Report } from '../lib/report.mjs';
import { makeArchive, recordSmooth, serveArchive,
  serveLive } from '../lib/sources.mjs';
import * as cmaf from '../faults/cmaf.mjs';
import * as dash from '../faults/dash.mjs';
import { text } from '../faults/edit.mjs';
import * as hls from '../faults/hls.mjs';
import * as smooth from '../faults/smooth.mjs';

const ROUNDS = 7;

/** Readers of other makes may trip over anything. */
const isCross = rule => /-other-/.test(rule);

async function judge(rounds, url, { change, schema = null } = {}) {
  const client = new Replay(rounds, change);
  const report = new Report(rules);
  const last = rounds.at(-1).time;
  await check(new Context(client, report, { schema }), url,
    { seconds: rounds.length > 1 ? (last - rounds[0].time) / 1000 : 0 });
  return report;
}

/** A presentation with @change made to it for good */
function derive({ rounds, url }, change) {
  return { url, rounds: rounds.map(({ time, answers }) => ({ time,
    answers: new Map([...answers].map(([key, answer]) =>
      [key, change(answer, 0)])) })) };
}

async function record(client, url, seconds = 0) {
  const recorder = new Recorder(client);
  const report = new Report(rules);
  await check(new Context(recorder, report), url, { seconds });
  return { url, rounds: recorder.rounds };
}

const growing = (answer) => {
  if (!/\/index_.*m3u8/.test(answer.url)) return answer;
  const changed = answer.with(answer.text.replace('#EXT-X-ENDLIST\n', '')
    .replace('#EXT-X-PLAYLIST-TYPE:VOD\n', ''));
  changed.headers['cache-control'] = 'max-age=1';
  return changed;
};

const twoPeriods = text(/\.mpd/, content => content.replace(
  /<Period[\s\S]*<\/Period>/, period => period + period.replace(/id="\w+"/,
    'id="second"').replace('start="PT0S"', 'start="PT16S"'))
  .replace('Duration="PT16S"', 'Duration="PT32S"'));

const nominal = text(/\.mpd/, content => content.replace(
  /(timescale="(\d+)"[^>]*)>\s*<SegmentTimeline>[\s\S]*?<\/SegmentTimeline>/g,
  (whole, template, scale) => `${template} duration="${scale * 4}">`));

async function recordAll() {
  const client = new Client();
  const archive = await serveArchive(makeArchive('faults',
    { segment: 4, gop: 2, seconds: 16 }));
  const found = { smooth: recordSmooth() };
  for (const name of ['hls', 'cmaf', 'dash'])
    found[name] = await record(client, archive.url(name));
  await archive.stop();
  const origin = await serveLive('faults-live');
  [found.live, found['dash-live'], found['mss-live']] = await Promise.all(
    ['hls', 'dash', 'mss'].map(name => record(client, origin.url(name),
      ROUNDS)));
  await origin.stop();
  client.close();
  found.growing = derive(found.hls, growing);
  found.periods = derive(found.dash, twoPeriods);
  found.nominal = derive(found.dash, nominal);
  const [only] = found.smooth.rounds;
  found.smooth.rounds = [0, 1, 2].map(i => ({ time: i * 2000,
    answers: i === 0 ? only.answers : new Map() }));
  return found;
}

/** All answers are those of the first round. */
const freeze = rounds => rounds.map(({ time }) =>
  ({ time, answers: rounds[0].answers }));

/** Segments of the first round are not to be had in the last. */
function forget({ rounds }) {
  return (answer, round) => (round === rounds.length - 1
    && /\.ts\?/.test(answer.url) && rounds[0].answers.has(answer.url)
    ? new Answer(answer.url, 404, {}, Buffer.alloc(0)) : answer);
}

/** Whatever is fetched again is another. */
function alter() {
  const seen = new Set();
  return (answer) => {
    if (!/\.ts\?/.test(answer.url)) return answer;
    const again = seen.has(answer.url);
    seen.add(answer.url);
    return again ? answer.with(Buffer.alloc(188)) : answer;
  };
}

async function plant(presentation, fault, schema) {
  const { url } = presentation;
  let { rounds } = presentation;
  let { change } = fault;
  if (fault.freeze) rounds = freeze(rounds);
  if (fault.gone) change = forget(presentation);
  if (fault.again) change = alter();
  return judge(rounds, url, { change, schema: fault.schema ? schema : null });
}

function explain(report, fault) {
  const failures = report.failures.filter(rule =>
    rule === fault.rule || !isCross(rule));
  const expected = new Set([fault.rule, ...fault.also ?? []]);
  if (!failures.includes(fault.rule)) return ['it was not caught',
    ...failures.map(rule => `${rule} was`)];
  return failures.filter(rule => !expected.has(rule)).map(rule =>
    `${rule}: ${report.results.get(rule).faults[0]}`);
}

export async function run(tap, schema) {
  const found = await recordAll();
  for (const [name, { rounds, url }] of Object.entries(found)) {
    const report = await judge(rounds, url);
    tap.result(`faults: none in '${name}'`, report.failures.map(rule =>
      `${rule}: ${report.results.get(rule).faults[0]}`));
  }
  const faults = [...hls.faults, ...cmaf.faults, ...dash.faults,
    ...smooth.faults];
  for (const fault of faults) {
    const name = `faults: ${fault.rule} in '${fault.on}'`;
    if (fault.schema && !schema) {
      tap.skip(name, 'no ../shared/schema');
      continue;
    }
    try {
      tap.result(name, explain(await plant(found[fault.on], fault, schema),
        fault));
    } catch (error) {
      tap.result(name, [error.stack]);
    }
  }
  const covered = new Set(faults.map(({ rule }) => rule));
  tap.result('faults: every rule has one', Object.keys(rules).filter(rule =>
    !covered.has(rule)));
}

