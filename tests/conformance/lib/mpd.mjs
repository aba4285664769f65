// SPDX-License-Identifier: LGPL-2.1-or-later
// A media presentation description (ISO/IEC 23009-1), with its segments.

import { parseXml, seconds } from './xml.mjs';

const TEMPLATE = ['media', 'initialization', 'timescale', 'startNumber',
  'duration', 'presentationTimeOffset', 'endNumber'];

function readTemplate(elements) {
  const template = { timeline: null };
  for (const element of elements) {
    for (const name of TEMPLATE)
      if (element.has(name)) template[name] = element.get(name);
    template.timeline = element.one('SegmentTimeline') ?? template.timeline;
  }
  for (const name of TEMPLATE.slice(2))
    if (template[name] !== undefined) template[name] = Number(template[name]);
  template.timescale ??= 1;
  template.startNumber ??= 1;
  template.presentationTimeOffset ??= 0;
  return template;
}

/** $Identifier$ and $Identifier%0[width]d$, 5.3.9.4.4 */
export function fillTemplate(text, values) {
  return text.replace(/\$(?:(\w+)(?:%0(\d+)d)?)?\$/g, (whole, name, width) => {
    if (!name) return '$';
    if (values[name] === undefined) throw new Error(`${whole} in '${text}'`);
    return String(values[name]).padStart(Number(width ?? 0), '0');
  });
}

function* timelineEntries(timeline, periodEnd) {
  let time = 0;
  const entries = timeline.all('S');
  for (const [i, s] of entries.entries()) {
    const start = s.has('t') ? Number(s.get('t')) : time;
    const jump = i > 0 && start !== time ? start - time : 0;
    const duration = Number(s.get('d'));
    let repeat = Number(s.get('r') ?? 0);
    if (repeat < 0) {
      const next = entries[i + 1]?.get('t') ?? periodEnd;
      repeat = Math.ceil((Number(next) - start) / duration) - 1;
    }
    for (let k = 0; k <= repeat; k++)
      yield { time: start + k * duration, duration, jump: k === 0 ? jump : 0 };
    time = start + (repeat + 1) * duration;
  }
}

/** Numbers of `number + duration` that are there: all of a static period,
 * of a dynamic one those in the window at @nowMs, 5.3.9.5.3 */
function* nominalEntries(mpd, period, template, nowMs) {
  const { duration, timescale } = template;
  const length = duration / timescale;
  let first = 0;
  let last = Math.ceil(period.duration / length - 1e-6) - 1;
  if (mpd.dynamic) {
    const age = (nowMs - mpd.availabilityStart) / 1000 - period.start;
    last = Math.min(last, Math.floor(age / length) - 1);
    first = Math.max(0, Math.ceil((age - mpd.window) / length) - 1);
  }
  for (let i = first; i <= last; i++)
    yield { time: i * duration + template.presentationTimeOffset, duration,
      jump: 0, index: i };
}

function listSegments(mpd, period, representation, nowMs) {
  const { template, baseUrl } = representation;
  const end = (period.duration * template.timescale)
    + template.presentationTimeOffset;
  const entries = template.timeline ? timelineEntries(template.timeline, end)
    : nominalEntries(mpd, period, template, nowMs);
  const segments = [];
  for (const entry of entries) {
    const number = template.startNumber + (entry.index ?? segments.length);
    const url = fillTemplate(template.media, { Number: number,
      Time: entry.time, RepresentationID: representation.id,
      Bandwidth: representation.bandwidth });
    segments.push({ ...entry, number, url: new URL(url, baseUrl).href,
      nominal: !template.timeline,
      start: (entry.time - template.presentationTimeOffset)
        / template.timescale + period.start,
      seconds: entry.duration / template.timescale });
  }
  return segments;
}

const baseOf = (elements, url) => elements.reduce((base, element) => {
  const text = element.one('BaseURL')?.text;
  return text ? new URL(text, base).href : base;
}, url);

function readRepresentation(mpd, period, set, element, nowMs) {
  const parents = [period.element, set.element, element];
  const get = name => element.get(name) ?? set.element.get(name);
  const representation = { element, set, id: get('id'),
    bandwidth: Number(get('bandwidth')), codecs: get('codecs'),
    mimeType: get('mimeType'), width: Number(get('width')) || null,
    height: Number(get('height')) || null, frameRate: get('frameRate'),
    sar: get('sar'), audioSamplingRate: get('audioSamplingRate'),
    scanType: get('scanType'), channels: element.one(
      'AudioChannelConfiguration') ?? set.element.one(
      'AudioChannelConfiguration'),
    baseUrl: baseOf([mpd.root, ...parents], mpd.url),
    template: readTemplate(parents.flatMap(one =>
      one.all('SegmentTemplate'))) };
  if (!representation.template.media)
    throw new Error(`representation ${representation.id} has no media`);
  representation.segments = listSegments(mpd, period, representation, nowMs);
  representation.initUrl = new URL(fillTemplate(
    representation.template.initialization ?? '', {
      RepresentationID: representation.id,
      Bandwidth: representation.bandwidth }), representation.baseUrl).href;
  return representation;
}

function readPeriods(mpd) {
  mpd.periods = mpd.root.all('Period').map(element => ({ element,
    id: element.get('id') ?? null, start: seconds(element.get('start')),
    duration: seconds(element.get('duration')) }));
  mpd.periods.forEach((period, i) => {
    const before = mpd.periods[i - 1];
    period.start ??= before ? before.start + before.duration : 0;
  });
  mpd.periods.forEach((period, i) => {
    const next = mpd.periods[i + 1]?.start ?? mpd.duration ?? Infinity;
    period.declaredDuration = period.duration;
    period.duration ??= next - period.start;
  });
}

export function parse(text, url, nowMs) {
  const root = parseXml(text);
  if (root.name !== 'MPD') throw new Error(`<${root.name}> is no MPD`);
  const mpd = { url, text, root, dynamic: root.get('type') === 'dynamic',
    duration: seconds(root.get('mediaPresentationDuration')),
    minBufferTime: seconds(root.get('minBufferTime')),
    maxSegmentDuration: seconds(root.get('maxSegmentDuration')),
    minimumUpdatePeriod: seconds(root.get('minimumUpdatePeriod')),
    window: seconds(root.get('timeShiftBufferDepth')) ?? Infinity,
    availabilityStart: Date.parse(root.get('availabilityStartTime') ?? ''),
    publishTime: Date.parse(root.get('publishTime') ?? '') };
  readPeriods(mpd);
  for (const period of mpd.periods) {
    period.sets = period.element.all('AdaptationSet').map((element) => {
      const set = { element, id: element.get('id') ?? null, period };
      set.representations = element.all('Representation').map(one =>
        readRepresentation(mpd, period, set, one, nowMs));
      return set;
    });
  }
  return mpd;
}
