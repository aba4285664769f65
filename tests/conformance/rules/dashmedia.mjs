// SPDX-License-Identifier: LGPL-2.1-or-later
// DASH segments, against what the MPD says of them.

import { configKey } from '../lib/media.mjs';

export const rules = {
  'dash-segment': ['ISO/IEC 23009-1 6.3', 'segments can be read to their end'],
  'dash-media-time': ['ISO/IEC 23009-1 5.3.9.6.1, 7.2.1',
    "a segment's media time is the timeline's"],
  'dash-media-duration': ['ISO/IEC 23009-1 5.3.9.6.1',
    "a segment's duration is the timeline's, within a tick"],
  'dash-nominal': ['DASH-IF IOP 4.3 3.2.7',
    'with @duration, segments are within half of one of where they should be'],
  'dash-period-start': ['ISO/IEC 23009-1 5.3.2.1, 5.3.9.2',
    'presentationTimeOffset is where the period begins on the media clock'],
  'dash-period-end': ['ISO/IEC 23009-1 5.3.2.1',
    "the segments of a static period end with it"],
  'dash-bandwidth': ['ISO/IEC 23009-1 5.3.5.2',
    'bandwidth and minBufferTime let each segment arrive in time'],
  'dash-bandwidth-tight': ['DASH-IF IOP 4.3 3.2.8',
    'bandwidth is over the peak by a quarter at most (live: by half)'],
  'dash-codecs': ['ISO/IEC 23009-1 5.3.7.2, RFC6381',
    'codecs is what is in the segments'],
  'dash-size': ['ISO/IEC 23009-1 5.3.7.2', "width and height are the picture's"],
  'dash-frame-rate': ['ISO/IEC 23009-1 5.3.7.2', 'frameRate is what it is'],
  'dash-audio': ['ISO/IEC 23009-1 5.3.7.2, 5.8.5.4',
    'audioSamplingRate and the channels are the sound\'s'],
  'dash-mime-type': ['ISO/IEC 23009-1 5.3.7.2', 'mimeType is the track\'s'],
  'dash-sap': ['ISO/IEC 23009-1 5.3.7.2, 5.3.3.2', 'startWithSAP is true'],
  'dash-alignment': ['ISO/IEC 23009-1 5.3.3.2',
    'segmentAlignment: the same times in all representations of a set'],
  'dash-set': ['ISO/IEC 23009-1 5.3.3.1', 'a set has one kind of media'],
  'dash-av-boundaries': ['DASH-IF IOP 4.3 3.2.7',
    'segments of sound and picture of an index begin close together'],
};

const BOUNDARY = 0.1;
const PERIOD_END = 0.25;
// it may be rounded up; in a live window the peak may be long over
const TIGHT = { static: 1.25, dynamic: 1.5 };

function checkTime(report, representation, segment) {
  const { main } = segment.media;
  const { template } = representation;
  const same = main.timescale === template.timescale;
  const scale = template.timescale / main.timescale;
  const tolerance = same ? 1 : 1 + scale;
  const length = main.samples.reduce((sum, { duration }) => sum + duration, 0);
  if (segment.nominal) {
    const off = (main.start * scale - segment.time) / segment.duration;
    report.check('dash-nominal', Math.abs(off) <= 0.5, segment.url,
      () => `${off.toFixed(3)} segments from where it should begin`);
    return;
  }
  report.check('dash-media-time',
    Math.abs(main.start * scale - segment.time) <= tolerance, segment.url,
    () => `${main.start * scale}, in the timeline ${segment.time}`);
  report.check('dash-media-duration',
    Math.abs(length * scale - segment.duration) <= tolerance, segment.url,
    () => `${length * scale}, in the timeline ${segment.duration}`);
}

function checkExtent(report, mpd, period, { id, segments }) {
  const [first] = segments;
  if (!first) return;
  const where = `${mpd.url} ${period.id} ${id}`;
  const offset = first.start - period.start;
  report.check('dash-period-start', offset >= -BOUNDARY
    && (mpd.dynamic || offset <= PERIOD_END), where,
  () => `the first segment begins ${offset.toFixed(3)} s after the period`);
  if (mpd.dynamic) return;
  const last = segments.at(-1);
  const end = last.start + last.seconds - period.start - period.duration;
  report.check('dash-period-end', Math.abs(end) <= PERIOD_END, where,
    () => `the last segment ends ${end.toFixed(3)} s after the period`);
}

/** The least @bandwidth at which, with @buffer seconds loaded ahead, each
 * segment is whole when its playing begins; the last of a run is there by
 * then (5.3.5.2) */
function measureNeed(segments, buffer) {
  let need = 0;
  segments.forEach((first, i) => {
    let bits = 0;
    for (const segment of segments.slice(i)) {
      if (!segment.media) break;
      bits += segment.media.bytes * 8;
      need = Math.max(need, bits / (buffer + segment.start - first.start));
    }
  });
  return need;
}

function measurePeak(segments, window) {
  let peak = 0;
  segments.forEach((first, i) => {
    let bits = 0;
    let length = 0;
    for (const segment of segments.slice(i)) {
      if (!segment.media) break;
      bits += segment.media.bytes * 8;
      length += segment.seconds;
      if (length > 1.5 * window) break;
      if (length >= 0.5 * window) peak = Math.max(peak, bits / length);
    }
  });
  return peak;
}

function checkBandwidth(report, mpd, { id, bandwidth, segments }) {
  const measured = segments.filter(({ media }) => media);
  if (measured.length === 0) return;
  const where = `${mpd.url} ${id}`;
  const need = measureNeed(segments, mpd.minBufferTime);
  report.check('dash-bandwidth', bandwidth * 1.01 >= need, where,
    `${bandwidth}, needs ${Math.round(need)}`);
  const window = Math.max(...measured.map(({ seconds }) => seconds));
  const peak = measurePeak(segments, window);
  report.check('dash-bandwidth-tight', bandwidth
    <= peak * (mpd.dynamic ? TIGHT.dynamic : TIGHT.static), where,
  `${bandwidth}, measured ${Math.round(peak)}`);
}

const ratio = (text) => {
  const [n, d = '1'] = (text ?? '').split('/');
  return Number(n) / Number(d);
};

// ISO/IEC 23001-8 table 7: ChannelConfiguration -> channels
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8, 2, 3, 4, 7, 8, 24, 8];

function checkPicture(report, where, representation, stream) {
  const { config, samples, seconds } = stream;
  const { width, height, frameRate } = representation;
  report.check('dash-size', width === config.width && height === config.height,
    where, `${width}x${height}, found ${config.width}x${config.height}`);
  const fps = samples.length / seconds;
  report.check('dash-frame-rate', frameRate !== null
    && Math.abs(ratio(frameRate) / fps - 1) < 0.01, where,
  () => `'${frameRate}', found ${fps.toFixed(3)}`);
}

function checkSound(report, where, representation, { config }) {
  const { channels, audioSamplingRate } = representation;
  const scheme = channels?.get('schemeIdUri') ?? '';
  report.check('dash-audio', Number(audioSamplingRate) === config.rate
    && channels !== null
    && (!/ChannelConfiguration$/.test(scheme) || !/cicp|23003/.test(scheme)
      || CHANNELS[Number(channels.get('value'))] === config.channels), where,
  () => `${audioSamplingRate} Hz, configuration `
    + `${channels?.get('value')}; found ${config.rate} Hz, `
    + `${config.channels} channels`);
}

function checkStream(report, mpd, representation) {
  const where = `${mpd.url} ${representation.id}`;
  const seen = new Set();
  for (const { media } of representation.segments) {
    const stream = media?.main;
    if (!stream?.config || seen.has(configKey(stream))) continue;
    seen.add(configKey(stream));
    report.check('dash-codecs', (representation.codecs ?? '').toLowerCase()
      === stream.config.mime.toLowerCase(), where,
    `'${representation.codecs}', found ${stream.config.mime}`);
    report.check('dash-mime-type',
      representation.mimeType === `${stream.type}/mp4`
      && [null, stream.type].includes(
        representation.set.element.get('contentType')), where,
      `${representation.mimeType}, found ${stream.type}`);
    (stream.type === 'video' ? checkPicture : checkSound)(report, where,
      representation, stream);
  }
}

function checkSap(report, { set, segments }) {
  const declared = Number(set.element.get('startWithSAP') ?? 0);
  for (const { media, url } of segments)
    if (media && declared > 0)
      report.check('dash-sap', media.main.samples[0].key, url,
        `startWithSAP ${declared}, but no key picture`);
}

function checkSet(report, mpd, set) {
  const kinds = new Set(set.representations.flatMap(({ segments }) =>
    segments.flatMap(({ media }) => (media
      ? [`${media.main.type} ${media.main.codec}`] : []))));
  const where = `${mpd.url} set ${set.id}`;
  report.check('dash-set', kinds.size <= 1, where, () => `${[...kinds]}`);
  if (set.element.get('segmentAlignment') !== 'true') return;
  const [first, ...others] = set.representations;
  const starts = new Map(first.segments.map(one => [one.number, one]));
  for (const { id, segments } of others)
    for (const segment of segments) {
      const twin = starts.get(segment.number);
      report.check('dash-alignment', !twin
        || Math.abs(twin.start - segment.start) < 0.0005, `${where} ${id}`,
      () => `number ${segment.number} begins at ${segment.start}, in `
        + `${first.id} at ${twin.start}`);
    }
}

function checkBoundaries(report, mpd, period) {
  const typed = type => period.sets.flatMap(({ representations }) =>
    representations).find(({ mimeType }) => mimeType?.startsWith(type));
  const [video, audio] = [typed('video'), typed('audio')];
  if (!video || !audio) return;
  const numbers = new Map(video.segments.map(one => [one.number, one]));
  for (const segment of audio.segments) {
    const twin = numbers.get(segment.number);
    if (!twin) continue;
    const offset = segment.start - twin.start;
    report.check('dash-av-boundaries', Math.abs(offset) <= BOUNDARY,
      `${mpd.url} ${period.id}`, () => `number ${segment.number}: sound `
        + `${offset.toFixed(3)} s after the picture`);
  }
}

export function checkDashMedia(report, mpd) {
  for (const period of mpd.periods) {
    for (const set of period.sets) {
      for (const representation of set.representations) {
        for (const segment of representation.segments)
          if (segment.media) checkTime(report, representation, segment);
        checkExtent(report, mpd, period, representation);
        checkBandwidth(report, mpd, representation);
        checkStream(report, mpd, representation);
        checkSap(report, representation);
      }
      checkSet(report, mpd, set);
    }
    checkBoundaries(report, mpd, period);
  }
}
