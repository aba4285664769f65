// SPDX-License-Identifier: LGPL-2.1-or-later
// What HLS asks of segments, against what the playlists say of them.

import { configKey } from '../lib/media.mjs';
import { unwrap } from '../lib/ts.mjs';

export const rules = {
  'hls-segment': ['RFC8216bis 3.1', 'segments can be read to their end'],
  'hls-extinf': ['RFC8216bis 4.4.4.1', "EXTINF is the segment's duration"],
  'hls-discontinuity': ['RFC8216bis 4.4.4.3',
    'EXT-X-DISCONTINUITY where codec, tracks or timestamps change'],
  'hls-start-idr': ['RFC8216bis 4.4.2.1, Apple authoring',
    'segments begin with a key picture'],
  'hls-keyframes': ['Apple authoring', 'a key picture every two seconds'],
  'hls-picture': ['Apple authoring',
    'H.264 up to High at 4.2, HEVC in fMP4 as hvc1, progressive, to 60 fps'],
  'hls-target-alike': ['RFC8216bis 6.2.4',
    'all playlists have the same target duration'],
  'hls-aligned': ['RFC8216bis 6.2.4',
    'a segment number has the same times in all variants'],
  'hls-audio-aligned': ['RFC8216bis 6.2.4',
    'sound of its own begins with the picture'],
  'ts-packets': ['ISO/IEC 13818-1 2.4.3', 'whole packets, clear, no errors'],
  'ts-program': ['RFC8216bis 3.1.1', 'one program'],
  'ts-tables': ['RFC8216bis 3.1.1', 'a PAT and a PMT begin each segment'],
  'ts-continuity': ['ISO/IEC 13818-1 2.4.3.3',
    'continuity counters, also from segment to segment'],
  'ts-pcr': ['ISO/IEC 13818-1 2.7.2',
    'a PCR every 100 ms, which advances, ahead of what it times'],
  'ts-parameter-sets': ['Apple authoring',
    'parameter sets are in the first access unit'],
};

// in seconds: of microseconds and of 90 kHz ticks
const EXTINF_TOLERANCE = 0.002;
const MAX_FPS = 60.5;
const KEY_INTERVAL = 2;
const FRAME = 0.05;
const MAX_PCR_INTERVAL = 0.1;
const AUDIO_OFFSET = 0.1;

function checkTables(report, where, ts) {
  report.check('ts-packets', ts.scrambled + ts.errors === 0, where,
    `${ts.scrambled} scrambled, ${ts.errors} with errors`);
  report.check('ts-program', ts.programs.length === 1, where,
    `${ts.programs.length} programs`);
  report.check('ts-tables', ts.pats[0] < (ts.firstMedia ?? Infinity)
    && ts.pmts[0] < (ts.firstMedia ?? Infinity) && ts.pats[0] < ts.pmts[0],
  where, `PAT at packet ${ts.pats[0]}, PMT at ${ts.pmts[0]}, media at `
    + `${ts.firstMedia}`);
  report.check('ts-continuity', ts.counterFaults.length === 0, where,
    () => ts.counterFaults.slice(0, 3).join(', '));
}

function checkClock(report, where, ts) {
  const pcrs = ts.pcrs.filter(({ pid }) => pid === ts.pcrPid);
  if (!report.check('ts-pcr', pcrs.length > 0, where, 'there is none')) return;
  const seconds = pcrs.map(({ pcr }) =>
    unwrap(pcr / 300, ts.main.start) / 90000);
  for (let i = 1; i < seconds.length; i++) {
    const step = seconds[i] - seconds[i - 1];
    report.check('ts-pcr', step > 0 && step <= MAX_PCR_INTERVAL, where,
      `${step.toFixed(4)} s after the last one`);
  }
  const firstDts = Math.min(...ts.streams.map(({ samples, timescale }) =>
    samples[0].dts / timescale));
  report.check('ts-pcr', seconds[0] <= firstDts, where, () =>
    `${seconds[0].toFixed(4)} s is after the first DTS ${firstDts.toFixed(4)}`);
}

function checkTs(report, segment, before) {
  const { media, url } = segment;
  checkTables(report, url, media);
  checkClock(report, url, media);
  if (media.video)
    report.check('ts-parameter-sets', media.video.samples[0].hasConfig, url,
      'no SPS');
  if (!before?.media || segment.discontinuity) return;
  for (const [pid, first] of media.firstCounters) {
    const last = before.media.counters.get(pid);
    if (last === undefined || first.discontinuity) continue;
    const expected = first.hasPayload ? last + 1 & 15 : last;
    report.check('ts-continuity', first.counter === expected, url,
      `PID ${pid} begins with ${first.counter} after ${last}`);
  }
}

function realDuration({ media }, next) {
  const { main } = media;
  if (media.container === 'cmaf')
    return main.samples.reduce((sum, { duration }) => sum + duration, 0)
      / main.timescale;
  const frame = (main.end - main.start) / main.samples.length;
  const start = next?.discontinuity ? undefined : next?.media?.main.start;
  const end = Math.abs(start - main.end) <= 1.5 * frame ? start : main.end;
  return (end - main.start) / main.timescale;
}

function checkDuration(report, segment, next) {
  const { container, main } = segment.media;
  // how long a TS's only frame lasts is not said
  if (container === 'ts' && main.samples.length < 2) return;
  const real = realDuration(segment, next);
  report.check('hls-extinf',
    Math.abs(segment.duration - real) <= EXTINF_TOLERANCE, segment.url,
    () => `${segment.duration}, lasts ${real.toFixed(6)}`);
}

function checkBoundary(report, before, segment) {
  if (!before?.media || segment.discontinuity) return;
  const [last, first] = [before.media, segment.media];
  report.check('hls-discontinuity', last.tracks === first.tracks, segment.url,
    `none, but ${first.tracks} after ${last.tracks}`);
  for (const stream of first.streams) {
    const previous = last.streams.find(({ type }) => type === stream.type);
    if (!previous) continue;
    report.check('hls-discontinuity', configKey(previous) === configKey(stream),
      segment.url, () => `none, but ${configKey(stream)} after `
        + `${configKey(previous)}`);
    if (previous.timescale !== stream.timescale) continue;
    const frame = (previous.end - previous.start) / previous.samples.length;
    const gap = stream.start - previous.end;
    report.check('hls-discontinuity', Math.abs(gap) <= 1.5 * frame,
      segment.url, () => `none, but ${stream.type} has a gap of `
        + `${(gap / stream.timescale).toFixed(4)} s`);
  }
}

function checkPictures(report, track, segment) {
  const { video, container } = segment.media;
  if (!video?.config) return;
  report.check('hls-start-idr', video.samples[0].key, segment.url,
    'the first picture is no key picture');
  const { codec, config, samples, seconds } = video;
  const fps = seconds > 0 ? samples.length / seconds : 0;
  const allowed = codec === 'h264' ? config.profile <= 100 && config.level <= 42
    : container === 'cmaf' && config.mime.startsWith('hvc1');
  report.check('hls-picture', allowed && !config.interlaced && fps <= MAX_FPS,
    segment.url, () => `${config.mime} in ${container}, `
      + `${config.interlaced ? 'interlaced' : 'progressive'}, `
      + `${fps.toFixed(2)} fps`);
  const keys = [...samples.filter(({ key }) => key).map(({ pts }) => pts),
    video.end];
  for (let i = 1; i < keys.length; i++) {
    const interval = (keys[i] - keys[i - 1]) / video.timescale;
    report.check('hls-keyframes', interval <= KEY_INTERVAL + FRAME,
      segment.url, () => `${interval.toFixed(3)} s without`);
  }
}

export function checkTrackMedia(report, track) {
  track.segments.forEach((segment, i) => {
    if (!segment.media) return;
    const before = track.segments[i - 1];
    checkDuration(report, segment, track.segments[i + 1]);
    checkBoundary(report, before, segment);
    checkPictures(report, track, segment);
    if (segment.media.container === 'ts') checkTs(report, segment, before);
  });
}

const startOf = ({ media }) => media.main.start / media.main.timescale;

function checkPair(report, reference, other) {
  const numbers = new Map(reference.segments.map(one => [one.sequence, one]));
  for (const segment of other.segments) {
    const twin = numbers.get(segment.sequence);
    if (!twin) continue;
    const same = Math.abs(twin.duration - segment.duration) <= EXTINF_TOLERANCE
      && twin.discontinuitySequence === segment.discontinuitySequence
      && twin.date === segment.date
      && (!twin.media || !segment.media
        || Math.abs(startOf(twin) - startOf(segment)) <= EXTINF_TOLERANCE);
    report.check('hls-aligned', same, segment.url, () => `${segment.sequence} `
      + `is another in ${reference.list.url}`);
  }
}

function checkSound(report, video, audio) {
  const numbers = new Map(video.segments.map(one => [one.sequence, one]));
  for (const segment of audio.segments) {
    const twin = numbers.get(segment.sequence);
    if (!twin?.media || !segment.media) continue;
    const offset = startOf(segment) - startOf(twin);
    report.check('hls-audio-aligned', Math.abs(offset) <= AUDIO_OFFSET
      && twin.discontinuitySequence === segment.discontinuitySequence,
    segment.url, () => `begins ${offset.toFixed(3)} s after the picture`);
  }
}

/** @variants, @sounds: tracks */
export function checkAlignment(report, variants, sounds) {
  const [reference, ...others] = variants;
  for (const track of [...others, ...sounds])
    report.check('hls-target-alike',
      track.list.target === reference.list.target, track.list.url,
      `${track.list.target} and ${reference.list.target}`);
  for (const track of others) checkPair(report, reference, track);
  for (const track of sounds) checkSound(report, reference, track);
}
