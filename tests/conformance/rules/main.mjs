// SPDX-License-Identifier: LGPL-2.1-or-later
// What a main (multivariant) playlist says of its variants, against what is
// in them.

import { configKey } from '../lib/media.mjs';

export const rules = {
  'hls-main-syntax': ['RFC8216bis 4.1, 4.2', 'the main playlist is well-formed'],
  'hls-codecs': ['RFC8216bis 4.4.6.2, RFC6381',
    'CODECS names what is in the variant, all of it and nothing else'],
  'hls-resolution': ['RFC8216bis 4.4.6.2', "RESOLUTION is the picture's size"],
  'hls-frame-rate': ['RFC8216bis 4.4.6.2',
    'FRAME-RATE is the highest there is, in three decimals'],
  'hls-bandwidth': ['RFC8216bis 4.4.6.2, Apple authoring',
    'BANDWIDTH is the peak over 0.5 to 1.5 target durations'],
  'hls-average-bandwidth': ['RFC8216bis 4.4.6.2, Apple authoring',
    'AVERAGE-BANDWIDTH is the average'],
  'hls-video-range': ['RFC8216bis 4.4.6.2',
    'VIDEO-RANGE says PQ or HLG where the picture is, and nowhere else'],
  'hls-closed-captions': ['RFC8216bis 4.4.6.2, Apple authoring',
    'CLOSED-CAPTIONS: a group where captions are in the picture; NONE on all '
      + 'variants, or on none'],
  'hls-groups': ['RFC8216bis 4.4.6.1, 4.4.6.2',
    'groups that are referred to exist; their members have names of their own '
      + 'and one default'],
  'hls-groups-alike': ['RFC8216bis 4.4.6.1.1',
    'groups of a type have the same members'],
  'hls-rendition': ['RFC8216bis 4.4.6.1',
    'CHANNELS and LANGUAGE of a rendition are what is in it'],
  'hls-language': ['Apple authoring',
    'LANGUAGE on every rendition of sound or text'],
  'hls-independent-segments': ['RFC8216bis 4.4.2.1, Apple authoring',
    'EXT-X-INDEPENDENT-SEGMENTS in the main or all video playlists'],
};

const value = (attributes, name) => attributes[name]?.value ?? null;

// of the measured peak: VOD, live
const TOLERANCE = { vod: 0.1, live: 0.25 };

const sum = values => values.reduce((a, b) => a + b, 0);

/** bit/s: the highest of any run of segments that lasts 0.5 to 1.5 target
 * durations */
export function measurePeak(segments, target) {
  let peak = 0;
  segments.forEach((first, i) => {
    let bits = 0;
    let duration = 0;
    for (const segment of segments.slice(i)) {
      if (!segment.media) break;
      bits += segment.media.bytes * 8;
      duration += segment.duration;
      if (duration > 1.5 * target) break;
      if (duration >= 0.5 * target) peak = Math.max(peak, bits / duration);
    }
  });
  return peak;
}

function measureAverage(segments) {
  const measured = segments.filter(({ media }) => media);
  return sum(measured.map(({ media }) => media.bytes * 8))
    / sum(measured.map(({ duration }) => duration));
}

/** The variant's own playlist, and each rendition of sound it may go with */
function partsOf(presentation, variant) {
  const group = value(variant.attributes, 'AUDIO');
  const sounds = presentation.renditions.filter(({ attributes, track }) =>
    track && value(attributes, 'TYPE') === 'AUDIO'
      && value(attributes, 'GROUP-ID') === group);
  return [variant.track, ...sounds.map(({ track }) => track)
    .filter(track => track !== variant.track)];
}

function worst(parts, measure) {
  const [own, ...sounds] = parts.map(measure);
  return own + Math.max(0, ...sounds);
}

/** A live stream's peak may be yet to come, or long over. */
function checkRate(context, id, variant, name, measured) {
  const { report } = context;
  const declared = Number(value(variant.attributes, name));
  const whole = variant.track.list.ended && !context.limited;
  const tolerance = variant.track.list.ended ? TOLERANCE.vod : TOLERANCE.live;
  if (!declared && name === 'AVERAGE-BANDWIDTH' && !variant.track.list.ended)
    return;
  report.check(id, declared > 0, variant.url, `no ${name}`);
  if (declared > 0 && measured > 0)
    report.check(id, measured <= declared * (1 + tolerance)
      && (!whole || measured >= declared * (1 - tolerance)), variant.url,
    `${declared}, measured ${Math.round(measured)}`);
}

function checkBandwidth(context, presentation, variant) {
  const parts = partsOf(presentation, variant);
  checkRate(context, 'hls-bandwidth', variant, 'BANDWIDTH',
    worst(parts, ({ segments, list }) => measurePeak(segments, list.target)));
  checkRate(context, 'hls-average-bandwidth', variant, 'AVERAGE-BANDWIDTH',
    worst(parts, ({ segments }) => measureAverage(segments)));
}

const streamsOf = track => track.segments.flatMap(({ media }) =>
  media?.streams ?? []);

/** In a TS there is no sample entry, and SBR does not show in ADTS. */
function isCodec(declared, stream, container) {
  let mime = stream.config?.mime.toLowerCase();
  if (container !== 'ts') return declared === mime;
  mime = mime?.replace(/^hev1/, 'hvc1');
  return declared.replace(/^hev1/, 'hvc1') === mime
    || (stream.codec === 'aac' && stream.config.rate <= 24000
      && /^mp4a\.40\.(5|29)$/.test(declared));
}

function checkCodecs(report, variant, parts) {
  const declared = (value(variant.attributes, 'CODECS') ?? '').toLowerCase()
    .split(',').map(name => name.trim()).filter(name => name);
  const found = new Map();
  for (const track of parts)
    for (const stream of streamsOf(track))
      found.set(configKey(stream), { stream, container: track.container });
  if (found.size === 0) return;
  const streams = [...found.values()];
  const missing = streams.filter(({ stream, container }) =>
    !declared.some(name => isCodec(name, stream, container)));
  const idle = declared.filter(name => !streams.some(
    ({ stream, container }) => isCodec(name, stream, container)));
  report.check('hls-codecs', missing.length === 0 && idle.length === 0,
    variant.url, () => `'${declared}', found ${streams.map(({ stream }) =>
      stream.config?.mime)}`);
}

const PQ = 16;
const HLG = 18;

function checkPicture(report, variant) {
  const pictures = streamsOf(variant.track).filter(({ type, config }) =>
    type === 'video' && config);
  if (pictures.length === 0) return;
  const { attributes, url } = variant;
  const sizes = new Set(pictures.map(({ config }) =>
    `${config.width}x${config.height}`));
  report.check('hls-resolution',
    sizes.has(value(attributes, 'RESOLUTION')) && sizes.size === 1, url,
    () => `${value(attributes, 'RESOLUTION')}, found ${[...sizes]}`);
  const rates = pictures.filter(({ samples }) => samples.length > 1)
    .map(({ samples, seconds }) => samples.length / seconds);
  const declared = value(attributes, 'FRAME-RATE') ?? '';
  report.check('hls-frame-rate', /^\d+\.\d{3}$/.test(declared)
    && Math.abs(Number(declared) / Math.max(...rates) - 1) < 0.01, url,
  () => `'${declared}', found ${Math.max(...rates).toFixed(3)}`);
  const transfers = new Set(pictures.map(({ config }) => config.transfer));
  const range = transfers.has(PQ) ? 'PQ' : transfers.has(HLG) ? 'HLG' : 'SDR';
  report.check('hls-video-range',
    (value(attributes, 'VIDEO-RANGE') ?? 'SDR') === range, url,
    `${value(attributes, 'VIDEO-RANGE')}, found ${range}`);
}

function checkCaptions(report, presentation) {
  const variants = presentation.variants.filter(({ track }) =>
    streamsOf(track).some(({ type }) => type === 'video'));
  const names = variants.map(({ attributes }) =>
    attributes['CLOSED-CAPTIONS']);
  const none = names.filter(name => name?.value === 'NONE' && !name.quoted);
  variants.forEach((variant, i) => {
    const captioned = streamsOf(variant.track).some(({ samples }) =>
      samples.some(({ captions }) => captions));
    report.check('hls-closed-captions', captioned ? names[i]?.quoted
      : names[i] === undefined || names[i].quoted || none.includes(names[i]),
    variant.url, () => `${names[i]?.value}, captions in the picture: `
      + `${captioned}`);
  });
  if (none.length > 0)
    report.check('hls-closed-captions', none.length === variants.length,
      presentation.main.url, 'NONE on some only');
}

const GROUPS = { AUDIO: 'AUDIO', VIDEO: 'VIDEO', SUBTITLES: 'SUBTITLES',
  'CLOSED-CAPTIONS': 'CLOSED-CAPTIONS' };

function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) {
    const name = key(item);
    groups.set(name, [...groups.get(name) ?? [], item]);
  }
  return groups;
}

function checkGroups(report, { main }) {
  const groups = groupBy(main.media, one =>
    `${value(one, 'TYPE')} ${value(one, 'GROUP-ID')}`);
  for (const { attributes, url } of main.variants)
    for (const [name, type] of Object.entries(GROUPS))
      if (attributes[name]?.quoted)
        report.check('hls-groups',
          groups.has(`${type} ${attributes[name].value}`), url,
          `no ${type} group '${attributes[name].value}'`);
  for (const [name, members] of groups) {
    const names = members.map(one => value(one, 'NAME'));
    report.check('hls-groups', new Set(names).size === names.length, main.url,
      `${name}: NAME stands twice`);
    const defaults = members.filter(one => value(one, 'DEFAULT') === 'YES');
    report.check('hls-groups', defaults.length <= 1 && defaults.every(one =>
      value(one, 'AUTOSELECT') !== 'NO'), main.url,
    `${name}: ${defaults.length} members are the default`);
  }
  checkAlike(report, main, groups);
}

const FREE = new Set(['URI', 'CHANNELS', 'GROUP-ID']);

function checkAlike(report, main, groups) {
  const types = groupBy([...groups.values()], ([one]) => value(one, 'TYPE'));
  const describe = members => members.map(one => Object.keys(one)
    .filter(name => !FREE.has(name)).sort()
    .map(name => `${name}=${value(one, name)}`).join()).sort().join(' ');
  for (const [type, [first, ...others]] of types)
    for (const group of others)
      report.check('hls-groups-alike', describe(group) === describe(first),
        main.url, () => `${type}: ${describe(group)} and ${describe(first)}`);
}

const LANGUAGE = /^[a-z]{2,8}(-[a-z0-9]{1,8})*$/i;

function checkRenditions(report, presentation) {
  for (const { attributes, track, url } of presentation.renditions) {
    const type = value(attributes, 'TYPE');
    const where = url ?? presentation.main.url;
    if (type !== 'VIDEO' && type !== 'CLOSED-CAPTIONS')
      report.check('hls-language',
        LANGUAGE.test(value(attributes, 'LANGUAGE') ?? ''), where,
        `'${value(attributes, 'LANGUAGE') ?? ''}'`);
    const [sound] = track ? streamsOf(track) : [];
    const channels = value(attributes, 'CHANNELS');
    if (type === 'AUDIO' && sound?.config && channels)
      report.check('hls-rendition',
        Number(channels.split('/')[0]) === sound.config.channels, where,
        `CHANNELS ${channels}, found ${sound.config.channels}`);
  }
}

export function checkMain(context, presentation) {
  const { report } = context;
  const { main, variants } = presentation;
  report.check('hls-main-syntax', main.faults.length === 0, main.url,
    () => main.faults.join(', '));
  for (const variant of variants) {
    checkBandwidth(context, presentation, variant);
    checkCodecs(report, variant, partsOf(presentation, variant));
    checkPicture(report, variant);
  }
  checkCaptions(report, presentation);
  checkGroups(report, presentation);
  checkRenditions(report, presentation);
  report.check('hls-independent-segments', main.independent
    || variants.every(({ track }) => track.list.independent), main.url,
  'neither here nor in all video playlists');
}
