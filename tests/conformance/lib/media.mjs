// SPDX-License-Identifier: LGPL-2.1-or-later
// Segments of every container, as one model: streams of samples with times in
// the stream's timescale.

import { Bits } from './bits.mjs';
import { FLAG_NON_SYNC, parse as parseBoxes } from './boxes.mjs';
import { readAccessUnit, readAudioSpecificConfig, readAvcSps, readDolby,
  readHevcSps, splitLengths } from './codecs.mjs';
import { parse as parseTs } from './ts.mjs';

const ENTRY_CODECS = { avc1: 'h264', avc3: 'h264', hvc1: 'h265', hev1: 'h265',
  mp4a: 'aac', 'ac-3': 'ac3', 'ec-3': 'eac3' };

function readVideoEntry(entry) {
  const record = entry.one(entry.type.startsWith('avc') ? 'avcC' : 'hvcC');
  if (!record) throw new Error(`${entry.type} without its configuration`);
  if (record.sps.length === 0) return { lengthSize: record.lengthSize };
  const config = (record.type === 'avcC' ? readAvcSps : readHevcSps)(
    record.sps[0]);
  config.mime = entry.type + config.mime.slice(4);
  return { lengthSize: record.lengthSize, config, record };
}

function readAudioEntry(entry) {
  const esds = entry.one('esds');
  if (esds) return { config: readAudioSpecificConfig(esds.config), esds };
  const specific = entry.one('dac3') ?? entry.one('dec3');
  if (!specific) throw new Error(`${entry.type} without its configuration`);
  const bits = new Bits(specific.body);
  bits.skip(specific.type === 'dac3' ? 0 : 16);
  const rate = [48000, 44100, 32000][bits.read(2)];
  bits.skip(specific.type === 'dac3' ? 8 : 10);
  const acmod = bits.read(3);
  return { config: { type: 'audio', codec: ENTRY_CODECS[entry.type], rate,
    mime: entry.type,
    channels: [2, 1, 2, 3, 3, 4, 4, 5][acmod] + bits.bit() } };
}

/** An init segment: its boxes, and its track as far as it can be read */
export function parseInit(bytes) {
  const root = parseBoxes(bytes);
  const trak = root.one('moov.trak');
  if (!trak) throw new Error('no moov with a trak');
  const entry = trak.one('mdia.minf.stbl.stsd')?.boxes[0];
  const header = trak.one('mdia.mdhd');
  const codec = ENTRY_CODECS[entry?.type];
  if (!codec || !header) throw new Error(`sample entry '${entry?.type}'`);
  const video = codec === 'h264' || codec === 'h265';
  const track = { root, trak, entry, codec, timescale: header.timescale,
    type: video ? 'video' : 'audio', trackId: trak.one('tkhd')?.trackId,
    trex: root.one('moov.mvex.trex'),
    brands: root.one('ftyp')?.brands ?? [] };
  return Object.assign(track,
    video ? readVideoEntry(entry) : readAudioEntry(entry));
}

/** What [MS-SSTR] has instead of an init segment: the QualityLevel's */
export function smoothInit(type, codec, config, timescale) {
  return { type, codec, config, timescale, lengthSize: 4, smooth: true };
}

function readSamples(moof, traf, init, bytes, state) {
  const tfhd = traf.one('tfhd');
  const samples = [];
  for (const trun of traf.all('trun')) {
    let at = moof.offset + (trun.dataOffset ?? 0);
    trun.from = at;
    trun.samples.forEach((sample, i) => {
      const size = sample.size ?? tfhd.size ?? init.trex?.size ?? 0;
      const duration = sample.duration ?? tfhd.duration
        ?? init.trex?.duration ?? 0;
      const flags = i === 0 && trun.firstFlags !== undefined ? trun.firstFlags
        : sample.flags ?? tfhd.sampleFlags ?? init.trex?.sampleFlags ?? 0;
      if (at < 0 || at + size > bytes.length)
        throw new Error(`sample at ${at} of ${size} bytes is not in the file`);
      samples.push({ dts: state.time, pts: state.time + (sample.offset ?? 0),
        duration, size, sync: !(flags & FLAG_NON_SYNC),
        data: bytes.subarray(at, at + size) });
      state.time += duration;
      at += size;
    });
    trun.to = at;
  }
  return samples;
}

function readCodedSample(sample, stream, init) {
  if (stream.type === 'video') {
    const unit = readAccessUnit(stream.codec,
      splitLengths(sample.data, init.lengthSize));
    sample.key = unit.key;
    sample.captions = unit.captions;
    sample.hasConfig = Boolean(unit.config);
    if (unit.config) stream.config ??= unit.config;
  } else {
    sample.key = true;
    if (stream.codec === 'ac3' || stream.codec === 'eac3')
      stream.config = readDolby(sample.data, 0)?.config ?? stream.config;
  }
  delete sample.data;
}

/** A CMAF segment or a Smooth Streaming fragment */
export function parseFragment(bytes, init) {
  const root = parseBoxes(bytes);
  const stream = { type: init.type, codec: init.codec,
    timescale: init.timescale, config: init.config ?? null, samples: [] };
  const media = { container: init.smooth ? 'smooth' : 'cmaf', root,
    bytes: bytes.length, streams: [stream], fragments: [] };
  const state = { time: 0 };
  for (const [i, moof] of root.boxes.entries()) {
    if (moof.type !== 'moof') continue;
    const traf = moof.one('traf');
    if (!traf?.one('tfhd')) throw new Error('a moof without traf and tfhd');
    const tfdt = traf.one('tfdt');
    const tfxd = traf.one('tfxd');
    state.time = tfdt?.time ?? tfxd?.entries[0].time ?? state.time;
    const samples = readSamples(moof, traf, init, bytes, state);
    for (const sample of samples) readCodedSample(sample, stream, init);
    media.fragments.push({ moof, traf, samples, mdat: root.boxes[i + 1],
      tfdt });
    stream.samples.push(...samples);
  }
  if (media.fragments.length === 0) throw new Error('no moof');
  return finish(media);
}

/** Where a stream's samples begin and end, when they are shown */
function findExtent(stream) {
  const times = stream.samples.map(({ pts }) => pts).sort((a, b) => a - b);
  const last = stream.samples.reduce((a, b) => (b.pts > a.pts ? b : a));
  const frame = last.duration ?? (times.length > 1
    ? (times.at(-1) - times[0]) / (times.length - 1) : 0);
  stream.start = times[0];
  stream.end = times.at(-1) + frame;
  stream.seconds = (stream.end - stream.start) / stream.timescale;
}

function finish(media) {
  media.tracks = media.streams.map(({ codec }) => codec).sort().join(' and ');
  media.streams = media.streams.filter(({ samples }) => samples.length > 0);
  media.streams.forEach(findExtent);
  media.video = media.streams.find(({ type }) => type === 'video') ?? null;
  media.audio = media.streams.find(({ type }) => type === 'audio') ?? null;
  media.main = media.video ?? media.audio;
  if (!media.main) throw new Error('neither picture nor sound');
  return media;
}

/** @reference: a PTS nearby */
export function parseTransportStream(bytes, reference) {
  return finish(parseTs(bytes, reference));
}

/** Two streams of one kind are the same codec, set up alike. */
export function configKey(stream) {
  const { mime, width, height, rate, channels } = stream.config ?? {};
  return [stream.codec, mime, width, height, rate, channels].join('/');
}
