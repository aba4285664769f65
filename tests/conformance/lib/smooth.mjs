// SPDX-License-Identifier: LGPL-2.1-or-later
// A Smooth Streaming manifest ([MS-SSTR] 2.2.2), with its fragments.

import { readAudioSpecificConfig, readAvcSps, readHevcSps,
  splitAnnexB } from './codecs.mjs';
import { parseFragment, smoothInit } from './media.mjs';
import { parseXml } from './xml.mjs';

const DEFAULT_TIMESCALE = 10000000;

function readVideo(level, bytes) {
  const nals = splitAnnexB(bytes);
  const hevc = /^(HVC1|HEV1)$/.test(level.fourCC);
  const sps = nals.find(nal => (hevc ? (nal[0] >> 1 & 63) === 33
    : (nal[0] & 31) === 7));
  if (!sps) throw new Error('CodecPrivateData without an SPS');
  return (hevc ? readHevcSps : readAvcSps)(sps);
}

function readLevel(stream, element) {
  const number = name => (element.has(name) ? Number(element.get(name))
    : null);
  const level = { stream, element, bitrate: number('Bitrate'),
    fourCC: element.get('FourCC') ?? '', width: number('MaxWidth'),
    height: number('MaxHeight'), rate: number('SamplingRate'),
    channels: number('Channels'), audioTag: number('AudioTag'),
    privateData: element.get('CodecPrivateData') ?? '', config: null,
    fault: null };
  try {
    const bytes = Buffer.from(level.privateData, 'hex');
    if (bytes.length * 2 !== level.privateData.length)
      throw new Error(`CodecPrivateData '${level.privateData}' is not hex`);
    if (stream.type === 'video') level.config = readVideo(level, bytes);
    else if (level.fourCC === 'AACL' || level.fourCC === 'AACH')
      level.config = readAudioSpecificConfig(bytes);
  } catch (error) {
    level.fault = error.message;
  }
  return level;
}

function readChunks(stream) {
  let time = 0;
  let known = false;
  for (const c of stream.element.all('c')) {
    const start = c.has('t') ? Number(c.get('t')) : time;
    const duration = c.has('d') ? Number(c.get('d')) : null;
    for (let i = 0; i < Number(c.get('r') ?? 1); i++)
      stream.chunks.push({ time: start + i * duration, duration,
        jump: known && i === 0 && start !== time ? start - time : 0 });
    time = start + duration * Number(c.get('r') ?? 1);
    known = true;
  }
}

export function parse(text, url) {
  const root = parseXml(text);
  if (root.name !== 'SmoothStreamingMedia')
    throw new Error(`<${root.name}> is no SmoothStreamingMedia`);
  const manifest = { url, text, root,
    live: /^true$/i.test(root.get('IsLive') ?? ''),
    timescale: Number(root.get('TimeScale') ?? DEFAULT_TIMESCALE),
    duration: Number(root.get('Duration')),
    lookAhead: Number(root.get('LookAheadFragmentCount') ?? 0) };
  manifest.window = Number(root.get('DVRWindowLength') ?? 0)
    / manifest.timescale;
  manifest.streams = root.all('StreamIndex').map((element) => {
    const stream = { element, manifest, type: element.get('Type'),
      name: element.get('Name') ?? element.get('Type'), chunks: [],
      url: element.get('Url') ?? '',
      timescale: Number(element.get('TimeScale') ?? manifest.timescale) };
    stream.levels = element.all('QualityLevel').map(one =>
      readLevel(stream, one));
    readChunks(stream);
    return stream;
  });
  return manifest;
}

export function fragmentUrl(level, time) {
  const { stream } = level;
  return new URL(stream.url.replace(/\{bitrate\}/i, level.bitrate)
    .replace(/\{start time\}/i, time), stream.manifest.url).href;
}

const CODECS = { H264: 'h264', AVC1: 'h264', HVC1: 'h265', HEV1: 'h265',
  AACL: 'aac', AACH: 'aac', 'AC-3': 'ac3', 'EC-3': 'eac3' };

async function loadLevel(context, level) {
  const { stream } = level;
  const codec = CODECS[level.fourCC];
  level.fragments = stream.chunks.map(chunk => ({ chunk, media: null,
    url: fragmentUrl(level, chunk.time) }));
  if (!codec) return;
  const init = smoothInit(stream.type, codec, level.config, stream.timescale);
  for (const fragment of context.take(level.fragments))
    fragment.media = await context.segment(fragment.url, 'fragment',
      'mss-segment', body => parseFragment(body, init));
}

/** null: there is no manifest to be read */
export async function loadSmooth(context, url) {
  const answer = await context.manifest(url, 'manifest');
  if (!answer.ok) return null;
  const manifest = context.report.attempt('mss-syntax', url,
    () => parse(answer.text, url));
  if (!manifest) return null;
  manifest.answer = answer;
  for (const stream of manifest.streams)
    for (const level of stream.levels) await loadLevel(context, level);
  return manifest;
}
