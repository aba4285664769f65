// SPDX-License-Identifier: LGPL-2.1-or-later
// Faults in MPDs, and in segments against them.

import { parse } from '../lib/boxes.mjs';
import { bytes, replace, status, text } from './edit.mjs';

const MPD = /\.mpd/;
const SECOND = /video_high_2\.m4s/;

const edit = (from, to, round) => replace(MPD, from, to, round);
const every = change => text(MPD, change);

/** @change of the AdaptationSet of @type only */
const inSet = (type, change) => every(content => content.replace(
  new RegExp(`<AdaptationSet[^>]*contentType="${type}"[\\s\\S]*?`
    + '</AdaptationSet>'), change));
const inAudio = (from, to) => inSet('audio', set => set.replace(from, to));
const add = n => (whole, name, value) => `${name}="${Number(value) + n}"`;

const mpd = [
  { rule: 'dash-syntax', change: edit(/ media="[^"]*"/g, '') },
  { rule: 'dash-schema', schema: true, change: edit('<MPD ',
    '<MPD novelty="1" ') },
  { rule: 'dash-schema', schema: true, change: edit(/ minBufferTime="[^"]*"/,
    ' minBufferTime="PT4S" maxSubsegmentDuration="4 s"') },
  { rule: 'dash-profile', change: edit(/profiles="[^"]*"/,
    'profiles="urn:mpeg:dash:profile:full:2011"') },
  { rule: 'dash-type', change: edit('<MPD ',
    '<MPD minimumUpdatePeriod="PT2S" ') },
  { rule: 'dash-ids', change: edit(/<AdaptationSet id="1"/,
    '<AdaptationSet id="0"') },
  { rule: 'dash-periods', on: 'periods', change: every(content => content
    .replace('start="PT16S"', 'start="PT17S"')
    .replace('Duration="PT32S"', 'Duration="PT33S"')) },
  { rule: 'dash-duration', change: edit(/Duration="PT16S"/,
    'Duration="PT17S"') },
  { rule: 'dash-timeline', change: inAudio(/<S d=/,
    (whole, at, content) => `<S t="${nextTime(content) + 1}" d=`) },
  { rule: 'dash-max-segment', change: edit(/maxSegmentDuration="[^"]*"/,
    'maxSegmentDuration="PT3S"') },
  { rule: 'dash-lang', change: inAudio('<AdaptationSet ',
    '<AdaptationSet lang="" ') },
];

/** Where the first S of a timeline ends */
function nextTime(content) {
  const [, t, d, r = '0'] = /<S t="(\d+)" d="(\d+)"(?: r="(\d+)")?/.exec(
    content);
  return Number(t) + Number(d) * (Number(r) + 1);
}

/** The first sample's slices of an IDR picture become those of another */
function clearKeyPicture(buffer) {
  for (let at = parse(buffer).one('mdat').offset + 8;
    (buffer[at + 4] & 31) !== 1;
    at += 4 + buffer.readUInt32BE(at))
    if ((buffer[at + 4] & 31) === 5) buffer[at + 4] = 0x61;
  return buffer;
}

const media = [
  { rule: 'dash-segment', change: bytes(SECOND, buffer =>
    buffer.subarray(0, -10)) },
  { rule: 'dash-media-time', change: inAudio(/(<S t)="(\d+)"/, add(100)) },
  { rule: 'dash-media-duration', change: every(content => content.replace(
    /(<S [^>]*)\/>(?![\s\S]*<S )/, (whole, s) =>
      `${s.replace(/(d)="(\d+)"/, add(100))}/>`)) },
  { rule: 'dash-nominal', on: 'nominal', change: edit(
    /startNumber="1"/g, 'startNumber="2"'), also: ['http-status'] },
  { rule: 'dash-period-start', change: every(content => content.replace(
    /timescale="(\d+)" presentationTimeOffset="(\d+)"/g, (whole, scale, n) =>
      `timescale="${scale}" presentationTimeOffset="${n - scale}"`)),
    also: ['dash-period-end'] },
  { rule: 'dash-period-end', change: edit(/uration="PT16S"/g,
    'uration="PT15S"') },
  { rule: 'dash-bandwidth', change: edit(/(bandwidth)="(\d+)"/,
    (whole, name, n) => `${name}="${Math.round(n / 2)}"`) },
  { rule: 'dash-bandwidth-tight', change: edit(/(bandwidth)="(\d+)"/,
    (whole, name, n) => `${name}="${n * 2}"`) },
  { rule: 'dash-codecs', change: edit(/avc1\.\w+/, 'avc1.4d401f') },
  { rule: 'dash-size', change: edit('width="320"', 'width="352"') },
  { rule: 'dash-frame-rate', change: edit('frameRate="30"', 'frameRate="25"') },
  { rule: 'dash-audio', change: edit('audioSamplingRate="48000"',
    'audioSamplingRate="44100"') },
  { rule: 'dash-audio', change: inAudio(/value="2"/, 'value="6"') },
  { rule: 'dash-mime-type', change: edit('mimeType="video/mp4"',
    'mimeType="audio/mp4"') },
  { rule: 'dash-sap', change: bytes(SECOND, clearKeyPicture),
    also: ['cmaf-sap'] },
  { rule: 'dash-alignment', change: every(content => content.replace(
    /(id="video_low"[\s\S]*?<S t)="(\d+)"/, add(60))),
    also: ['dash-media-time'] },
  { rule: 'dash-set', change: every((content) => {
    const [audio] = /<Representation id="audio[\s\S]*?<\/Representation>/.exec(
      content);
    return content.replace(audio, '').replace('<Representation ',
      `${audio}$&`).replace(/<AdaptationSet id="1"[\s\S]*<\/AdaptationSet>/,
      '');
  }), also: ['dash-mime-type', 'dash-alignment', 'cmaf-switching-set'] },
  { rule: 'dash-av-boundaries', change: inAudio(
    /(presentationTimeOffset)="(\d+)"/, add(-9600)) },
  { rule: 'dash-other-mpd-parser', change: edit('<Period ',
    '<BaseURL>./</BaseURL><BaseURL>./other/</BaseURL><Period ') },
  { rule: 'http-status', change: status(SECOND, 503) },
];

const FROM = 2;
const live = [
  { rule: 'dash-start', change: edit(/(Time="[^"]*)Z"/, '$1"') },
  { rule: 'dash-utc-timing', change: edit(/<UTCTiming[^>]*>/, '') },
  { rule: 'dash-window', change: edit(/BufferDepth="[^"]*"/,
    'BufferDepth="PT2S"') },
  { rule: 'dash-edge', change: edit(/ start="PT([0-9.]+)S"/g, (whole, n) =>
    ` start="PT${(Number(n) + 60).toFixed(6)}S"`) },
  { rule: 'dash-live-update', change: edit(/publishTime="[^"]*"/,
    'publishTime="2020-01-01T00:00:00Z"') },
  { rule: 'dash-live-start', change: edit(
    /(availabilityStartTime)="([^"]*)"/, (whole, name, date) =>
      `${name}="${new Date(Date.parse(date) - 1000).toISOString()}"`, FROM) },
  { rule: 'dash-live-periods', change: edit('<Period id="',
    '<Period id="other', FROM) },
  { rule: 'dash-live-entries', change: edit(/(startNumber)="(\d+)"/g,
    (whole, name, n) => `${name}="${n - 1}"`, FROM),
    also: ['dash-media-time', 'dash-media-duration', 'cmaf-tfdt'] },
].map(fault => ({ on: 'dash-live', ...fault }));

export const faults = [...[...mpd, ...media].map(fault =>
  ({ on: 'dash', ...fault })), ...live];
