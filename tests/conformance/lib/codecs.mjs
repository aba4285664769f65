// SPDX-License-Identifier: LGPL-2.1-or-later
// What a stream really is, from its parameter sets and frame headers: the
// RFC 6381 name, the size of the picture, the sound's rate and channels.

import { Bits, unescape } from './bits.mjs';

const hex = (value, digits) =>
  value.toString(16).toUpperCase().padStart(digits, '0');

// ITU-T H.264 table E-1
const SAMPLE_ASPECT_RATIOS = [null, [1, 1], [12, 11], [10, 11], [16, 11],
  [40, 33], [24, 11], [20, 11], [32, 11], [80, 33], [18, 11], [15, 11],
  [64, 33], [160, 99], [4, 3], [3, 2], [2, 1]];
const EXTENDED_SAR = 255;

/** The first fields of vui_parameters(), alike in H.264 and H.265 */
function readVideoSignal(bits, config) {
  if (bits.bit()) {
    const idc = bits.read(8);
    config.sar = idc === EXTENDED_SAR ? [bits.read(16), bits.read(16)]
      : SAMPLE_ASPECT_RATIOS[idc] ?? null;
  }
  if (bits.bit()) bits.skip(1);
  if (bits.bit()) {
    bits.skip(4);
    if (bits.bit()) {
      bits.skip(8);
      config.transfer = bits.read(8);
      bits.skip(8);
    }
  }
  if (bits.bit()) {
    bits.ue();
    bits.ue();
  }
}

function skipScalingList(bits, size) {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size; i++) {
    if (next !== 0) next = (last + bits.se() + 256) % 256;
    last = next === 0 ? last : next;
  }
}

// profile_idc with chroma_format_idc, ITU-T H.264 7.3.2.1.1
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138,
  139, 134, 135]);

function readAvcChroma(bits) {
  const chroma = bits.ue();
  if (chroma === 3) bits.skip(1);
  bits.ue();
  bits.ue();
  bits.skip(1);
  if (bits.bit()) {
    for (let i = 0; i < (chroma === 3 ? 12 : 8); i++)
      if (bits.bit()) skipScalingList(bits, i < 6 ? 16 : 64);
  }
  return chroma;
}

function skipAvcOrder(bits) {
  const type = bits.ue();
  if (type === 0) {
    bits.ue();
  } else if (type === 1) {
    bits.skip(1);
    bits.se();
    bits.se();
    for (let n = bits.ue(); n > 0; n--) bits.se();
  }
}

/** @nal: a sequence parameter set with its NAL unit header */
export function readAvcSps(nal) {
  const bits = new Bits(unescape(nal.subarray(1)));
  const [profile, constraints, level] = [bits.read(8), bits.read(8),
    bits.read(8)];
  const config = { codec: 'h264', type: 'video', profile, level, sar: null,
    mime: `avc1.${hex(profile, 2)}${hex(constraints, 2)}${hex(level, 2)}` };
  bits.ue();
  const chroma = HIGH_PROFILES.has(profile) ? readAvcChroma(bits) : 1;
  bits.ue();
  skipAvcOrder(bits);
  bits.ue();
  bits.skip(1);
  config.width = (bits.ue() + 1) * 16;
  const heightInMaps = bits.ue() + 1;
  const frameMbsOnly = bits.bit();
  config.interlaced = !frameMbsOnly;
  config.height = heightInMaps * 16 * (2 - frameMbsOnly);
  if (!frameMbsOnly) bits.skip(1);
  bits.skip(1);
  if (bits.bit()) {
    const x = chroma === 1 || chroma === 2 ? 2 : 1;
    const y = (chroma === 1 ? 2 : 1) * (2 - frameMbsOnly);
    config.width -= x * (bits.ue() + bits.ue());
    config.height -= y * (bits.ue() + bits.ue());
  }
  if (bits.bit()) readVideoSignal(bits, config);
  return config;
}

function skipSubLayers(bits, count) {
  const present = [];
  for (let i = 0; i < count; i++) present.push([bits.bit(), bits.bit()]);
  if (count > 0) bits.skip((8 - count) * 2);
  for (const [profile, level] of present)
    bits.skip(profile * 88 + level * 8);
}

/** ISO/IEC 14496-15 E.3 */
function hevcName({ space, tier, profile, compatibility, constraints, level }) {
  let reversed = 0;
  for (let i = 0; i < 32; i++)
    if (compatibility & (2 ** (31 - i))) reversed += 2 ** i;
  while (constraints.length && constraints.at(-1) === 0) constraints.pop();
  return ['hvc1', ['', 'A', 'B', 'C'][space] + profile,
    reversed.toString(16).toUpperCase(), (tier ? 'H' : 'L') + level,
    ...constraints.map(byte => byte.toString(16).toUpperCase())].join('.');
}

export function readHevcSps(nal) {
  const bits = new Bits(unescape(nal.subarray(2)));
  bits.skip(4);
  const subLayers = bits.read(3);
  bits.skip(1);
  const tierLevel = { space: bits.read(2), tier: bits.bit(),
    profile: bits.read(5), compatibility: bits.read(32) };
  tierLevel.constraints = Array.from({ length: 6 }, () => bits.read(8));
  tierLevel.level = bits.read(8);
  skipSubLayers(bits, subLayers);
  bits.ue();
  const chroma = bits.ue();
  if (chroma === 3) bits.skip(1);
  const config = { codec: 'h265', type: 'video', sar: null, interlaced: false,
    profile: tierLevel.profile, level: tierLevel.level,
    mime: hevcName(tierLevel), width: bits.ue(), height: bits.ue() };
  if (bits.bit()) {
    config.width -= (chroma === 1 || chroma === 2 ? 2 : 1)
      * (bits.ue() + bits.ue());
    config.height -= (chroma === 1 ? 2 : 1) * (bits.ue() + bits.ue());
  }
  return config;
}

const AAC_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050,
  16000, 12000, 11025, 8000, 7350];
const AAC_CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 0, 8];
const OBJECT_SBR = 5;
const OBJECT_PS = 29;

function readRate(bits) {
  const index = bits.read(4);
  return index === 15 ? bits.read(24) : AAC_RATES[index];
}

function readObjectType(bits) {
  const type = bits.read(5);
  return type === 31 ? 32 + bits.read(6) : type;
}

/** AudioSpecificConfig, ISO/IEC 14496-3 1.6.2.1 */
export function readAudioSpecificConfig(bytes) {
  const bits = new Bits(bytes);
  const objectType = readObjectType(bits);
  let rate = readRate(bits);
  const channels = AAC_CHANNELS[bits.read(4)];
  const coreRate = rate;
  if (objectType === OBJECT_SBR || objectType === OBJECT_PS)
    rate = readRate(bits);
  return { codec: 'aac', type: 'audio', mime: `mp4a.40.${objectType}`,
    rate, coreRate, channels: objectType === OBJECT_PS ? 2 : channels };
}

/** One ADTS frame's header, ISO/IEC 14496-3 1.A.2.2; null: there is none */
export function readAdts(bytes, at) {
  if (at + 7 > bytes.length || bytes[at] !== 0xff
    || (bytes[at + 1] & 0xf6) !== 0xf0)
    return null;
  const rate = AAC_RATES[(bytes[at + 2] >> 2) & 15];
  return { size: (bytes[at + 3] & 3) << 11 | bytes[at + 4] << 3
      | bytes[at + 5] >> 5,
    samples: 1024 * ((bytes[at + 6] & 3) + 1),
    config: { codec: 'aac', type: 'audio', rate, coreRate: rate,
      mime: `mp4a.40.${(bytes[at + 2] >> 6) + 1}`,
      channels: AAC_CHANNELS[(bytes[at + 2] & 1) << 2 | bytes[at + 3] >> 6] } };
}

const AC3_RATES = [48000, 44100, 32000];
const AC3_CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5];
const AC3_KBITS = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256,
  320, 384, 448, 512, 576, 640];

function ac3Size(fscod, frmsizecod) {
  const kbits = AC3_KBITS[frmsizecod >> 1];
  if (fscod === 0) return kbits * 4;
  if (fscod === 2) return kbits * 6;
  return 2 * (Math.floor(kbits * 320 / 147) + (frmsizecod & 1));
}

function readAc3Frame(bytes, at) {
  const bits = new Bits(bytes.subarray(at + 4));
  const fscod = bits.read(2);
  const frmsizecod = bits.read(6);
  bits.skip(8);
  const acmod = bits.read(3);
  if ((acmod & 1) && acmod !== 1) bits.skip(2);
  if (acmod & 4) bits.skip(2);
  if (acmod === 2) bits.skip(2);
  return { size: ac3Size(fscod, frmsizecod), samples: 1536,
    config: { codec: 'ac3', type: 'audio', mime: 'ac-3',
      rate: AC3_RATES[fscod], channels: AC3_CHANNELS[acmod] + bits.bit() } };
}

function readEac3Frame(bytes, at) {
  const bits = new Bits(bytes.subarray(at + 2));
  bits.skip(5);
  const size = (bits.read(11) + 1) * 2;
  const fscod = bits.read(2);
  const code = bits.read(2);
  const rate = fscod === 3 ? AC3_RATES[code] / 2 : AC3_RATES[fscod];
  const blocks = fscod === 3 ? 6 : [1, 2, 3, 6][code];
  const acmod = bits.read(3);
  return { size, samples: blocks * 256,
    config: { codec: 'eac3', type: 'audio', mime: 'ec-3', rate,
      channels: AC3_CHANNELS[acmod] + bits.bit() } };
}

/** An AC-3 or E-AC-3 syncframe, ETSI TS 102 366 4.3 and E.1.2 */
export function readDolby(bytes, at) {
  if (at + 8 > bytes.length || bytes[at] !== 0x0b || bytes[at + 1] !== 0x77)
    return null;
  return (bytes[at + 5] >> 3) <= 10 ? readAc3Frame(bytes, at)
    : readEac3Frame(bytes, at);
}

/** NAL units of an Annex B byte stream */
export function splitAnnexB(bytes) {
  const starts = [];
  for (let i = bytes.indexOf(1, 2); i !== -1; i = bytes.indexOf(1, i + 1))
    if (bytes[i - 1] === 0 && bytes[i - 2] === 0) starts.push(i + 1);
  return starts.map((start, i) => {
    let end = i + 1 < starts.length ? starts[i + 1] - 3 : bytes.length;
    while (end > start && bytes[end - 1] === 0) end--;
    return bytes.subarray(start, end);
  });
}

/** NAL units with lengths ahead of them, ISO/IEC 14496-15 5.3.4.2 */
export function splitLengths(bytes, lengthSize) {
  const nals = [];
  for (let at = 0; at < bytes.length;) {
    if (at + lengthSize > bytes.length) throw new Error('NAL length cut off');
    const size = bytes.readUIntBE(at, lengthSize);
    at += lengthSize;
    if (size === 0 || at + size > bytes.length)
      throw new Error(`NAL unit of ${size} bytes`);
    nals.push(bytes.subarray(at, at + size));
    at += size;
  }
  return nals;
}

const nalTypes = {
  h264: { type: nal => nal[0] & 31, sps: 7, sei: 6, read: readAvcSps,
    isKey: type => type === 5, isSlice: type => type >= 1 && type <= 5 },
  h265: { type: nal => (nal[0] >> 1) & 63, sps: 33, sei: 39, read: readHevcSps,
    isKey: type => type >= 16 && type <= 20, isSlice: type => type < 32 },
};

// CEA-608 and -708 captions in an SEI message, ANSI/SCTE 128 8.1
const CAPTIONS = 'GA94\x03';

/** What an access unit holds: whether it is a key picture, its SPS, whether
 * there are captions */
export function readAccessUnit(codec, nals) {
  const kind = nalTypes[codec];
  const unit = { key: false, config: null, captions: false };
  for (const nal of nals) {
    const type = kind.type(nal);
    if (type === kind.sps) unit.config = kind.read(nal);
    else if (type === kind.sei) unit.captions ||= nal.includes(CAPTIONS);
    else if (kind.isSlice(type)) unit.key ||= kind.isKey(type);
  }
  return unit;
}
