// SPDX-License-Identifier: LGPL-2.1-or-later
// Faults in Smooth Streaming manifests and fragments.

import { append, box, bytes, head, makeBox, replace,
  text } from './edit.mjs';

const MANIFEST = /\/Manifest$/;
const SECOND = /\(300000\)\/Fragments\(video=20213333\)/;

const edit = (from, to, round) => replace(MANIFEST, from, to, round);

/** In place: the body of the fragment's box @type, tfxd or tfrf */
const inUuid = (type, change, pattern = SECOND) => bytes(pattern, (buffer) => {
  const id = { tfxd: '6d1d9b05', tfrf: 'd4807ef2' }[type];
  change(buffer.subarray(buffer.indexOf(Buffer.from(id, 'hex')) + 16));
  return buffer;
});

/** Where a trun has its first sample's duration, ISO/IEC 14496-12 8.8.8 */
function firstDurationAt(body) {
  const flags = body.readUIntBE(1, 3);
  if (!(flags & 0x100)) throw new Error('no durations in trun');
  return 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0);
}

const recorded = [
  { rule: 'mss-syntax', change: edit('</SmoothStreamingMedia>', '') },
  { rule: 'mss-version', change: edit('MajorVersion="2"', 'MajorVersion="3"') },
  { rule: 'mss-timescale', change: edit('<SmoothStreamingMedia ',
    '<SmoothStreamingMedia TimeScale="9000000" ') },
  { rule: 'mss-duration', change: edit(/ Duration="\d+"/,
    ' Duration="90000000"') },
  { rule: 'mss-live', change: edit('<SmoothStreamingMedia ',
    '<SmoothStreamingMedia LookAheadFragmentCount="2" ') },
  { rule: 'mss-stream', change: edit('Chunks="4"', 'Chunks="5"') },
  { rule: 'mss-bitrate', change: edit('Bitrate="150000"', 'Bitrate="300000"'),
    also: ['mss-private-data'] },
  { rule: 'mss-four-cc', change: edit('FourCC="H264"', 'FourCC="X264"') },
  { rule: 'mss-private-data', change: edit('MaxWidth="320"',
    'MaxWidth="352"') },
  { rule: 'mss-private-data', change: edit(/CodecPrivateData="\w/,
    'CodecPrivateData="') },
  { rule: 'mss-timeline', change: edit('<c n="2" d=',
    '<c n="2" t="40213334" d='), also: ['http-status', 'mss-tfrf'] },
  { rule: 'mss-audio-tag', change: edit('AudioTag="255"', 'AudioTag="1"') },
  { rule: 'mss-fragment', change: append(SECOND, '', makeBox('free')) },
  { rule: 'mss-segment', change: bytes(SECOND, buffer =>
    buffer.subarray(0, -10)) },
  { rule: 'mss-tfxd', change: inUuid('tfxd', (body) => { body[11] ^= 1; }) },
  { rule: 'mss-tfrf', change: inUuid('tfrf', (body) => { body[12] ^= 1; }) },
  { rule: 'mss-samples', change: box(SECOND, 'moof.traf.trun', body =>
    body.writeUInt32BE(300000, firstDurationAt(body))) },
  { rule: 'mss-start-idr', change: bytes(SECOND, (buffer) => {
    for (let at = buffer.indexOf('mdat') + 4; (buffer[at + 4] & 31) !== 1;
      at += 4 + buffer.readUInt32BE(at))
      if ((buffer[at + 4] & 31) === 5) buffer[at + 4] = 0x61;
    return buffer;
  }) },
  { rule: 'mss-aligned', change: text(MANIFEST, content => content.replace(
    /(Type="audio"[\s\S]*?<c n="0") d/, '$1 t="2000000" d')),
    also: ['http-status'] },
  { rule: 'mss-live-entries', change: edit('<c n="3" d="20000000"',
    '<c n="3" d="20000001"', 1), also: ['mss-tfxd', 'mss-tfrf'] },
  { rule: 'mss-sequence', change: box(SECOND, 'moof.mfhd', body =>
    body.writeUInt32BE(0, 4)) },
  { rule: 'mss-trun', change: append(SECOND, 'mdat', Buffer.alloc(4)) },
];

const VIDEO = /Fragments\(video=/;

const live = [
  { rule: 'mss-names', change: edit(/Name="audio_[^"]*"/, 'Name="video"') },
  { rule: 'mss-picture-size', change: edit('MaxWidth="320"',
    'MaxWidth="352"') },
  { rule: 'mss-window', change: edit('DVRWindowLength="60000000"',
    'DVRWindowLength="20000000"') },
  { rule: 'mss-sync-flags', change: box(VIDEO, 'moof.traf.tfhd', body =>
    body.writeUInt32BE(0x02000000, body.length - 4)) },
  { rule: 'mss-live-update', freeze: true },
  // a time since 1970 is known to the nearest 4 here
  { rule: 'mss-live-ahead', change: inUuid('tfrf', (body) => {
    for (const at of [12, 28]) body[at] ^= 16;
  }, VIDEO), also: ['mss-tfrf'] },
  { rule: 'http-cache-manifest', change: head(MANIFEST, (headers) => {
    headers['cache-control'] = 'max-age=60';
  }) },
];

export const faults = [
  ...recorded.map(fault => ({ on: 'smooth', ...fault })),
  ...live.map(fault => ({ on: 'mss-live', ...fault })),
];
