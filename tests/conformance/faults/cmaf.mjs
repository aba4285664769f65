// SPDX-License-Identifier: LGPL-2.1-or-later
// Faults in CMAF boxes, as HLS shows them.

import { append, bytes, box, makeBox } from './edit.mjs';

const VIDEO_INIT = /video_high_init_/;
const AUDIO_INIT = /audio_.*_init_/;
const SECOND = /video_high_2\.m4s/;
const SECONDS = /video_\w+_2\.m4s/;

/** An edit of one second from 0 on, ISO/IEC 14496-12 8.6.6 */
const EDIT = makeBox('edts', makeBox('elst', Buffer.from(
  '00000000' + '00000001' + '00000000' + '00000000' + '00010000', 'hex')));

const setFlags = (body, change) =>
  body.writeUIntBE(change(body.readUIntBE(1, 3)), 1, 3);

/** Where a trun's samples have their flags; its flags word is at 0 */
function sampleFlagsAt(body, index) {
  const flags = body.readUIntBE(1, 3);
  if (!(flags & 0x400)) throw new Error('no flags of samples in trun');
  const size = 4 * [0x100, 0x200, 0x400, 0x800].filter(bit =>
    flags & bit).length;
  return 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0) + index * size
    + 4 * [0x100, 0x200].filter(bit => flags & bit).length;
}

/** Turns a sample's sample_is_non_sync_sample about */
function flipSync(body, index) {
  const flags = body.readUIntBE(1, 3);
  const at = index === 0 && flags & 4 ? 8 + (flags & 1 ? 4 : 0)
    : sampleFlagsAt(body, index);
  body[at + 1] ^= 1;
}

export const faults = [
  { rule: 'cmaf-brands', change: box(VIDEO_INIT, 'ftyp', (body) => {
    for (let at = 0; at < body.length; at += 4)
      if (body.toString('latin1', at, at + 3) === 'cmf') body.write('isom', at);
  }) },
  { rule: 'cmaf-header', change: append(VIDEO_INIT, '', makeBox('moov')) },
  { rule: 'cmaf-empty-tables', change: box(VIDEO_INIT,
    'moov.trak.mdia.minf.stbl.stsc', body => body.writeUInt32BE(1, 4)) },
  { rule: 'cmaf-mvex', change: box(VIDEO_INIT, 'moov.mvex.trex', body =>
    body.writeUInt32BE(7, 4)) },
  { rule: 'cmaf-durations', change: box(VIDEO_INIT, 'moov.trak.tkhd', body =>
    body.writeUInt32BE(5, body[0] === 1 ? 32 : 20)) },
  { rule: 'cmaf-edit-list', change: append(VIDEO_INIT, 'moov.trak', EDIT) },
  { rule: 'cmaf-sample-entry', change: box(VIDEO_INIT,
    'moov.trak.mdia.minf.stbl.stsd.avc1', body =>
      body.writeUInt16BE(352, 24)) },
  { rule: 'cmaf-es-id', change: box(AUDIO_INIT,
    'moov.trak.mdia.minf.stbl.stsd.mp4a.esds', (body) => {
      const at = body.indexOf(3, 4) + 1;
      const length = body[at] & 0x80 ? 4 : 1;
      body.writeUInt16BE(1, at + length);
    }) },
  { rule: 'cmaf-fragment', change: bytes(SECOND, buffer =>
    Buffer.concat([makeBox('free'), buffer])) },
  { rule: 'cmaf-tfhd', change: box(SECOND, 'moof.traf.tfhd', body =>
    setFlags(body, flags => flags & ~0x20000)) },
  { rule: 'cmaf-tfdt', change: box(SECONDS, 'moof.traf.tfdt', (body) => {
    body[body.length - 1] ^= 1;
  }) },
  { rule: 'cmaf-trun', change: append(SECOND, 'mdat', Buffer.alloc(4)) },
  { rule: 'cmaf-sequence', change: box(/video_high_3\.m4s/, 'moof.mfhd',
    body => body.writeUInt32BE(1, 4)) },
  { rule: 'cmaf-sap', change: box(SECOND, 'moof.traf.trun', body =>
    flipSync(body, 0)) },
  { rule: 'cmaf-sync-flags', change: box(SECOND, 'moof.traf.trun', body =>
    flipSync(body, 7)) },
  { rule: 'cmaf-switching-set', change: box(/video_low_2\.m4s/,
    'moof.traf.tfdt', (body) => { body[body.length - 1] ^= 1; }),
    also: ['cmaf-tfdt'] },
  { rule: 'cmaf-other-mp4box', change: box(VIDEO_INIT,
    'moov.trak.mdia.minf.stbl.stsd.avc1.avcC', (body) => { body[1] = 77; }) },
].map(fault => ({ on: 'cmaf', ...fault }));
