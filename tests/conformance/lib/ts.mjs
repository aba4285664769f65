// SPDX-License-Identifier: LGPL-2.1-or-later
// An MPEG-2 transport stream segment (ISO/IEC 13818-1): its tables, its
// packets' counters, its clock and its access units.

import { readAccessUnit, readAdts, readDolby, splitAnnexB } from './codecs.mjs';

export const PACKET = 188;
const WRAP_33 = 2 ** 33;

const STREAM_TYPES = { 0x1b: 'h264', 0x24: 'h265', 0x0f: 'aac', 0x81: 'ac3',
  0x87: 'eac3' };

/** @ticks as near to @reference as 33 bits allow */
export function unwrap(ticks, reference) {
  return ticks + WRAP_33 * Math.round((reference - ticks) / WRAP_33);
}

function readTimestamp(bytes, at) {
  return (bytes[at] >> 1 & 7) * 2 ** 30
    + (bytes[at + 1] << 22 | (bytes[at + 2] >> 1) << 15
      | bytes[at + 3] << 7 | bytes[at + 4] >> 1);
}

function* packets(bytes) {
  for (let at = 0; at + PACKET <= bytes.length; at += PACKET) {
    if (bytes[at] !== 0x47) throw new Error(`no sync byte at ${at}`);
    const adaptation = bytes[at + 3] >> 4 & 3;
    const packet = { at, index: at / PACKET,
      pid: (bytes[at + 1] & 31) << 8 | bytes[at + 2],
      error: Boolean(bytes[at + 1] & 128), start: Boolean(bytes[at + 1] & 64),
      scrambled: bytes[at + 3] >> 6 !== 0, counter: bytes[at + 3] & 15,
      hasPayload: Boolean(adaptation & 1), discontinuity: false };
    let payload = at + 4;
    if (adaptation & 2) {
      const length = bytes[payload];
      if (length > 183) throw new Error(`adaptation field of ${length}`);
      if (length > 0) packet.discontinuity = Boolean(bytes[payload + 1] & 128);
      if (length >= 7 && bytes[payload + 1] & 16)
        packet.pcr = (bytes.readUInt32BE(payload + 2) * 2
          + (bytes[payload + 6] >> 7)) * 300
          + ((bytes[payload + 6] & 1) << 8 | bytes[payload + 7]);
      payload += 1 + length;
    }
    packet.payload = bytes.subarray(payload, at + PACKET);
    yield packet;
  }
}

// MPEG-2's CRC-32, ISO/IEC 13818-1 annex A
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let i = 0; i < 8; i++)
      crc = crc & 0x80000000 ? crc << 1 ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

/** A PSI section that fits a packet, without its CRC; null: not right */
function readSection(payload) {
  const from = 1 + payload[0];
  const length = (payload[from + 1] & 15) << 8 | payload[from + 2];
  const end = from + 3 + length;
  if (end > payload.length || length < 9) return null;
  if (crc32(payload.subarray(from, end)) !== 0) return null;
  return payload.subarray(from, end - 4);
}

function readPat(ts, packet) {
  const section = readSection(packet.payload);
  if (!section) throw new Error('a PAT that is cut off or damaged');
  ts.pats.push(packet.index);
  for (let at = 8; at + 4 <= section.length; at += 4) {
    const pid = section.readUInt16BE(at + 2) & 0x1fff;
    if (section.readUInt16BE(at) !== 0 && !ts.programs.includes(pid))
      ts.programs.push(pid);
  }
}

// DVB's AC-3 and E-AC-3 descriptors, ETSI EN 300 468 annex D
const PRIVATE_DESCRIPTORS = { 0x6a: 'ac3', 0x7a: 'eac3' };

function readPmt(ts, packet) {
  const section = readSection(packet.payload);
  if (!section) throw new Error('a PMT that is cut off or damaged');
  ts.pmts.push(packet.index);
  ts.pcrPid = section.readUInt16BE(8) & 0x1fff;
  let at = 12 + (section.readUInt16BE(10) & 0xfff);
  while (at + 5 <= section.length) {
    const pid = section.readUInt16BE(at + 1) & 0x1fff;
    const end = at + 5 + (section.readUInt16BE(at + 3) & 0xfff);
    let codec = STREAM_TYPES[section[at]];
    for (let d = at + 5; d + 2 <= end; d += 2 + section[d + 1])
      codec ??= PRIVATE_DESCRIPTORS[section[d]];
    if (!ts.streams.has(pid))
      ts.streams.set(pid, { pid, codec: codec ?? `0x${section[at].toString(16)}`,
        pes: [] });
    at = end;
  }
}

function checkCounter(ts, packet) {
  const last = ts.counters.get(packet.pid);
  if (last === undefined) {
    ts.firstCounters.set(packet.pid,
      { counter: packet.counter, hasPayload: packet.hasPayload,
        discontinuity: packet.discontinuity });
  } else {
    const expected = packet.hasPayload ? last + 1 & 15 : last;
    if (packet.counter !== expected && !packet.discontinuity)
      ts.counterFaults.push(`packet ${packet.index}, PID ${packet.pid}: `
        + `${packet.counter} after ${last}`);
  }
  ts.counters.set(packet.pid, packet.counter);
}

function takePayload(ts, stream, packet) {
  if (packet.start) {
    ts.firstMedia ??= packet.index;
    stream.pes.push({ chunks: [], index: packet.index });
  }
  stream.pes.at(-1)?.chunks.push(packet.payload);
}

function readPes({ chunks }) {
  const bytes = Buffer.concat(chunks);
  if (bytes.length < 9 || bytes.readUIntBE(0, 3) !== 1)
    throw new Error('a PES packet without its start code');
  const flags = bytes[7];
  const head = 9 + bytes[8];
  const pts = flags & 0x80 ? readTimestamp(bytes, 9) : null;
  const dts = flags & 0x40 ? readTimestamp(bytes, 14) : pts;
  const length = bytes.readUInt16BE(4);
  return { pts, dts, data: bytes.subarray(head,
    length ? Math.min(6 + length, bytes.length) : bytes.length) };
}

const VIDEO = new Set(['h264', 'h265']);

function readPictures(stream) {
  return stream.units.map(({ pts, dts, data }) => {
    const unit = readAccessUnit(stream.codec, splitAnnexB(data));
    if (unit.config) {
      stream.config ??= unit.config;
      stream.configs.add(unit.config.mime + unit.config.width);
    }
    return { pts, dts, size: data.length, key: unit.key,
      captions: unit.captions, hasConfig: Boolean(unit.config) };
  });
}

function readFrames(stream) {
  const read = stream.codec === 'aac' ? readAdts : readDolby;
  const samples = [];
  for (const { pts, data } of stream.units) {
    let time = pts;
    for (let at = 0; at < data.length;) {
      const frame = read(data, at);
      if (!frame || frame.size === 0 || at + frame.size > data.length)
        throw new Error(`${stream.codec}: no whole frame at ${at}`);
      stream.config ??= frame.config;
      const duration = frame.samples * 90000 / frame.config.rate;
      samples.push({ pts: time, dts: time, size: frame.size, key: true,
        duration });
      time += duration;
      at += frame.size;
    }
  }
  return samples;
}

/** Timestamps near each other's, in the order of decoding */
function unwrapUnits(units, reference) {
  for (const unit of units) {
    if (unit.pts === null) throw new Error('a PES packet without PTS');
    unit.pts = unwrap(unit.pts, reference);
    unit.dts = unwrap(unit.dts, reference);
  }
}

function readStream(stream, reference) {
  stream.units = stream.pes.map(readPes);
  stream.configs = new Set();
  stream.config = null;
  unwrapUnits(stream.units, reference ?? stream.units[0]?.pts ?? 0);
  stream.type = VIDEO.has(stream.codec) ? 'video' : 'audio';
  stream.timescale = 90000;
  stream.samples = stream.type === 'video' ? readPictures(stream)
    : readFrames(stream);
  delete stream.pes;
  delete stream.units;
}

/** @reference: a timestamp nearby, so that 33 bits have no end */
export function parse(bytes, reference) {
  const ts = { container: 'ts', bytes: bytes.length, pats: [], pmts: [],
    programs: [], streams: new Map(), counters: new Map(),
    firstCounters: new Map(), counterFaults: [], pcrs: [], scrambled: 0,
    errors: 0 };
  if (bytes.length === 0 || bytes.length % PACKET)
    throw new Error(`${bytes.length} bytes are not whole packets`);
  for (const packet of packets(bytes)) {
    if (packet.pid === 0x1fff) continue;
    checkCounter(ts, packet);
    ts.scrambled += packet.scrambled;
    ts.errors += packet.error;
    if (packet.pcr !== undefined)
      ts.pcrs.push({ pid: packet.pid, index: packet.index, pcr: packet.pcr });
    if (!packet.hasPayload) continue;
    if (packet.pid === 0 && packet.start) readPat(ts, packet);
    else if (ts.programs.includes(packet.pid) && packet.start)
      readPmt(ts, packet);
    else if (ts.streams.has(packet.pid))
      takePayload(ts, ts.streams.get(packet.pid), packet);
    else if (packet.start) ts.firstMedia ??= packet.index;
  }
  ts.streams = [...ts.streams.values()]
    .filter(({ codec }) => !codec.startsWith('0x'));
  for (const stream of ts.streams) readStream(stream, reference);
  return ts;
}
