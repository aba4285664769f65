// SPDX-License-Identifier: LGPL-2.1-or-later
// Faults in HLS: each breaks the one rule, and those in `also` that can't hold
// without it.

import { addProgram, all, bytes, head, packets, patch, replace, status,
  text } from './edit.mjs';

const MAIN = /\/index\.m3u8/;
const LISTS = /\/index_.*\.m3u8/;
const MPD = /\.mpd/;
const LOW_LIST = /\/index_(video_)?low\.m3u8/;
const TS = /\.ts\?/;
const HIGH_TS = /high_\d+\.ts/;
const SECOND_TS = /high_2\.ts/;

const hex = digits => Buffer.from(digits, 'hex');
const drop = (pattern, tag) => text(pattern, content =>
  content.replace(new RegExp(`^#${tag}.*\n`, 'gm'), ''));
const dropAttribute = (pattern, name) => replace(pattern,
  new RegExp(`,${name}=("[^"]*"|[^,\n]*)`, 'g'), '');

/** The n-th entry of each playlist, from its first tag on, taken out */
function dropEntries(pattern, from, count) {
  return text(pattern, (content) => {
    const parts = content.split(/(?=#EXT-X-PROGRAM-DATE-TIME)/);
    const [first, ...entries] = parts;
    const ended = entries.at(-1).includes('#EXT-X-ENDLIST')
      && from + count >= entries.length;
    entries.splice(from, count);
    return [first, ...entries].join('') + (ended ? '#EXT-X-ENDLIST\n' : '');
  });
}

const shiftDates = (content, ms, only) => {
  let n = 0;
  return content.replace(/(DATE-TIME:)(.*)/g, (whole, name, date) =>
    (only === undefined || n++ === only
      ? name + new Date(Date.parse(date) + ms).toISOString() : whole));
};

function clearPcr(packet, index) {
  if (index > 1 && index < 300 && packet[3] & 0x20 && packet[4] >= 7
    && packet[5] & 0x10) packet[5] &= ~0x10;
}

const http = [
  { rule: 'http-status', on: 'hls', change: status(SECOND_TS, 404) },
  { rule: 'http-type', on: 'hls', change: head(TS, (headers) => {
    headers['content-type'] = 'application/octet-stream';
  }) },
  { rule: 'http-gzip', on: 'dash', change: (answer) => {
    if (!MPD.test(answer.url)) return answer;
    const plain = answer.with(answer.body);
    plain.compressed = false;
    return plain;
  } },
  { rule: 'http-gzip', on: 'dash', change: head(MPD, (headers) => {
    delete headers.vary;
  }) },
  { rule: 'http-cache-segment', on: 'hls', change: head(TS, (headers) => {
    headers['cache-control'] = 'no-store';
  }) },
  { rule: 'http-cache-manifest', on: 'growing', change: head(LOW_LIST,
    (headers) => { headers['cache-control'] = 'max-age=60'; }) },
  { rule: 'http-cors', on: 'hls', change: head(SECOND_TS, (headers) => {
    delete headers['access-control-allow-origin'];
  }) },
];

const main = [
  { rule: 'hls-main-syntax', on: 'hls', change: replace(MAIN,
    /BANDWIDTH=(\d+)/, 'BANDWIDTH="$1"') },
  { rule: 'hls-main-syntax', on: 'hls', change: replace(MAIN, '#EXTM3U\n',
    '#EXTM3U\n# \u0007\n') },
  { rule: 'hls-codecs', on: 'hls', change: replace(MAIN, /avc1\.[0-9a-f]+/i,
    'avc1.64001f') },
  { rule: 'hls-codecs', on: 'cmaf', change: replace(MAIN, ',mp4a.40.2', '') },
  { rule: 'hls-resolution', on: 'hls', change: replace(MAIN, '320x180',
    '322x180') },
  { rule: 'hls-frame-rate', on: 'hls', change: replace(MAIN, '30.000',
    '25.000') },
  { rule: 'hls-frame-rate', on: 'hls', change: replace(MAIN, '30.000', '30') },
  { rule: 'hls-bandwidth', on: 'hls', change: replace(MAIN,
    /:BANDWIDTH=(\d+)/, (whole, n) => `:BANDWIDTH=${Math.round(n * 1.2)}`) },
  { rule: 'hls-bandwidth', on: 'cmaf', change: replace(MAIN,
    /:BANDWIDTH=(\d+)/, (whole, n) => `:BANDWIDTH=${Math.round(n / 1.2)}`) },
  { rule: 'hls-average-bandwidth', on: 'hls',
    change: dropAttribute(MAIN, 'AVERAGE-BANDWIDTH') },
  { rule: 'hls-video-range', on: 'hls', change: replace(MAIN,
    'VIDEO-RANGE=SDR', 'VIDEO-RANGE=PQ') },
  { rule: 'hls-closed-captions', on: 'hls', change: replace(MAIN,
    ',RESOLUTION', ',CLOSED-CAPTIONS=NONE$&') },
  { rule: 'hls-closed-captions', on: 'hls', change: all(replace(MAIN,
    /,RESOLUTION/g, ',CLOSED-CAPTIONS=NONE$&'),
  patch(SECOND_TS, hex('00000141'), Buffer.from('\0\0\x01\x06GA94\x03'))) },
  { rule: 'hls-groups', on: 'hls', change: replace(MAIN, ',RESOLUTION',
    ',CLOSED-CAPTIONS="none"$&') },
  { rule: 'hls-groups', on: 'cmaf', change: replace(MAIN,
    /#EXT-X-MEDIA:.*\n/, '$&$&') },
  { rule: 'hls-groups', on: 'cmaf', change: replace(MAIN, /,AUDIO="[^"]*"/,
    ',AUDIO="none"'), also: ['hls-codecs', 'hls-bandwidth',
    'hls-average-bandwidth'] },
  { rule: 'hls-groups-alike', on: 'cmaf', change: replace(MAIN,
    /#EXT-X-MEDIA:.*\n/, line => line + line.replace(/GROUP-ID="/, '$&b')
      .replace(/NAME="/, '$&b')) },
  { rule: 'hls-rendition', on: 'cmaf', change: replace(MAIN,
    'CHANNELS="2"', 'CHANNELS="6"') },
  { rule: 'hls-language', on: 'cmaf', change: dropAttribute(MAIN,
    'LANGUAGE') },
  { rule: 'hls-independent-segments', on: 'hls', change: all(
    drop(MAIN, 'EXT-X-INDEPENDENT'), drop(LOW_LIST, 'EXT-X-INDEPENDENT')) },
];

const playlist = [
  { rule: 'hls-syntax', on: 'hls', change: replace(LOW_LIST, '#EXTM3U\n',
    '#EXTM3U\n# \u0007\n') },
  { rule: 'hls-syntax', on: 'cmaf', change: replace(LOW_LIST,
    'EXT-X-MAP:URI=', 'EXT-X-MAP:BYTERANGE=1@0,URI=') },
  { rule: 'hls-version', on: 'cmaf', change: replace(LISTS, 'VERSION:6',
    'VERSION:5') },
  { rule: 'hls-target-duration', on: 'hls', change: replace(LISTS,
    'TARGETDURATION:4', 'TARGETDURATION:3') },
  { rule: 'hls-target-duration', on: 'hls', change: replace(LISTS,
    'TARGETDURATION:4', 'TARGETDURATION:4.0'),
    also: ['hls-syntax'] },
  { rule: 'hls-media-sequence', on: 'growing', change: drop(LISTS,
    'EXT-X-MEDIA-SEQUENCE') },
  { rule: 'hls-length', on: 'growing', change: all(replace(LISTS,
    'MEDIA-SEQUENCE:1', 'MEDIA-SEQUENCE:3'), dropEntries(LISTS, 0, 2)) },
  { rule: 'hls-playlist-type', on: 'growing', change: replace(LISTS,
    '#EXT-X-MEDIA-S', '#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MEDIA-S') },
  { rule: 'hls-date', on: 'growing', change: drop(LISTS,
    'EXT-X-PROGRAM-DATE-TIME') },
  { rule: 'hls-date-step', on: 'hls', change: text(LISTS, content =>
    shiftDates(content, 500, 2)) },
  { rule: 'hls-map', on: 'cmaf', change: drop(LOW_LIST, 'EXT-X-MAP'),
    also: ['hls-segment', 'http-type', 'hls-codecs', 'hls-resolution',
      'hls-bandwidth', 'hls-average-bandwidth', 'hls-closed-captions'] },
  { rule: 'hls-target-alike', on: 'hls', change: replace(LOW_LIST,
    'TARGETDURATION:4', 'TARGETDURATION:5') },
  { rule: 'hls-aligned', on: 'hls', change: text(LOW_LIST, content =>
    shiftDates(content, 500)) },
  { rule: 'hls-audio-aligned', on: 'cmaf',
    change: dropEntries(/\/index_audio_.*\.m3u8/, 0, 1) },
];

const media = [
  { rule: 'hls-segment', on: 'hls', change: bytes(SECOND_TS, buffer =>
    buffer.subarray(0, -100)), also: [] },
  { rule: 'hls-extinf', on: 'hls', change: text(LISTS, content =>
    content.replace(/EXTINF:4\.0+,(?![\s\S]*EXTINF)/, 'EXTINF:3.900,')) },
  { rule: 'hls-discontinuity', on: 'hls', change: dropEntries(LISTS, 1, 1),
    also: ['ts-continuity', 'hls-date-step'] },
  { rule: 'hls-start-idr', on: 'hls', change: patch(SECOND_TS, hex('00000165'),
    hex('00000161')) },
  { rule: 'hls-keyframes', on: 'hls', change: patch(SECOND_TS, hex('00000165'),
    hex('00000161'), 1) },
  { rule: 'hls-picture', on: 'hls', change: all(
    patch(HIGH_TS, hex('6764000d'), hex('67640033'), null),
    replace(MAIN, /avc1\.64000d/i, 'avc1.640033')) },
  { rule: 'ts-packets', on: 'hls', change: packets(SECOND_TS,
    (packet, index) => { if (index === 9) packet[1] |= 0x80; }) },
  { rule: 'ts-program', on: 'hls', change: packets(SECOND_TS,
    (packet, index) => { if (index === 0) addProgram(packet); }) },
  { rule: 'ts-tables', on: 'hls', change: bytes(SECOND_TS, (buffer) => {
    const other = Buffer.alloc(188, 0xff);
    hex('4741ff10').copy(other);
    return Buffer.concat([other, buffer]);
  }) },
  { rule: 'ts-continuity', on: 'hls', change: packets(SECOND_TS,
    (packet, index) => {
      if (index === 9) packet[3] = (packet[3] & 0xf0) | (packet[3] + 3 & 15);
    }) },
  { rule: 'ts-continuity', on: 'hls', change: packets(SECOND_TS, (packet) => {
    const pid = packet.readUInt16BE(1) & 0x1fff;
    if (pid === 0) packet[3] = (packet[3] & 0xf0) | (packet[3] + 1 & 15);
  }) },
  { rule: 'ts-pcr', on: 'hls', change: packets(SECOND_TS, clearPcr) },
  { rule: 'ts-parameter-sets', on: 'hls', change: patch(SECOND_TS,
    hex('0000000167'), hex('000000016c')) },
];

const cross = [
  { rule: 'hls-other-m3u8-parser', on: 'hls', change: replace(LOW_LIST,
    /EXTINF:4\.0+,/, 'EXTINF:4.000'), also: ['hls-syntax', 'hls-extinf',
    'hls-aligned', 'hls-date-step', 'hls-bandwidth',
    'hls-average-bandwidth'] },
  { rule: 'hls-other-hls-parser', on: 'hls', change: drop(LOW_LIST,
    'EXT-X-TARGETDURATION'), also: ['hls-target-duration',
    'hls-target-alike'] },
];

const FROM = 2;
const live = [
  { rule: 'hls-live-update', on: 'live', freeze: true },
  { rule: 'hls-live-target', on: 'live', change: replace(LISTS,
    'TARGETDURATION:1', 'TARGETDURATION:2', FROM), also: ['hls-length'] },
  { rule: 'hls-live-sequence', on: 'live', change: replace(LISTS,
    /MEDIA-SEQUENCE:(\d+)/, (whole, n) => `MEDIA-SEQUENCE:${n - 1}`, FROM),
    also: ['hls-live-entries'] },
  { rule: 'hls-live-discontinuity', on: 'live', change: replace(LISTS,
    '#EXT-X-MEDIA-S', '#EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXT-X-MEDIA-S',
    FROM) },
  { rule: 'hls-live-entries', on: 'live', change: replace(LISTS,
    /EXTINF:1\.0+,/g, 'EXTINF:1.0,', FROM) },
  { rule: 'hls-live-gone', on: 'live', gone: true },
  { rule: 'http-live-unchanged', on: 'live', again: true },
];

export const faults = [...http, ...main, ...playlist, ...media, ...cross,
  ...live];
