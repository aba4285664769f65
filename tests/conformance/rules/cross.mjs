// SPDX-License-Identifier: LGPL-2.1-or-later
// Readers of other makes see the same as we do.

import HLS from 'hls-parser';
import { Parser as M3u8Parser } from 'm3u8-parser';
import { parse as parseMpd } from 'mpd-parser';
import mp4box from 'mp4box';

export const rules = {
  'hls-other-m3u8-parser': ['m3u8-parser', 'reads the same playlists'],
  'hls-other-hls-parser': ['hls-parser', 'reads the same playlists'],
  'dash-other-mpd-parser': ['mpd-parser', 'reads the same segments'],
  'cmaf-other-mp4box': ['mp4box.js', 'reads the same samples'],
};

const value = (attributes, name) => attributes[name]?.value;

/** The first place where two lists of things differ; null: nowhere */
function findDifference(ours, theirs) {
  if (ours.length !== theirs.length)
    return `${theirs.length} entries, ours ${ours.length}`;
  for (const [i, one] of ours.entries()) {
    const [a, b] = [JSON.stringify(one), JSON.stringify(theirs[i])];
    if (a !== b) return `entry ${i}: ${b}, ours ${a}`;
  }
  return null;
}

function compare(report, rule, where, read) {
  const result = report.attempt(rule, where, read);
  if (!result) return;
  const difference = findDifference(...result);
  report.check(rule, difference === null, where, difference);
}

function readM3u8(text) {
  const parser = new M3u8Parser();
  parser.push(text);
  parser.end();
  return parser.manifest;
}

const ourEntries = list => list.segments.map(segment => ({
  uri: segment.uri, duration: segment.duration,
  discontinuity: Boolean(segment.discontinuity),
  discontinuitySequence: segment.discontinuitySequence,
  date: segment.date ?? null }));

/** Both give a date to segments without one: compared where ours has one. */
const dateOf = (ours, date) => (ours?.date === undefined || date === undefined
  || date === null ? null : new Date(date).getTime());

function compareMedia(report, list) {
  compare(report, 'hls-other-m3u8-parser', list.url, () => {
    const { segments, targetDuration, mediaSequence = 0,
      endList = false } = readM3u8(list.text);
    return [[[list.target, list.mediaSequence ?? 0, list.ended],
      ...ourEntries(list)], [[targetDuration, mediaSequence, endList],
      ...segments.map((segment, i) => ({ uri: segment.uri,
        duration: segment.duration,
        discontinuity: Boolean(segment.discontinuity),
        discontinuitySequence: segment.timeline,
        date: dateOf(list.segments[i], segment.dateTimeObject) }))]];
  });
  compare(report, 'hls-other-hls-parser', list.url, () => {
    const { segments, targetDuration, mediaSequenceBase, endlist } =
      HLS.parse(list.text);
    return [[[list.target, list.mediaSequence ?? 0, list.ended],
      ...ourEntries(list)], [[targetDuration, mediaSequenceBase, endlist],
      ...segments.map((segment, i) => ({ uri: segment.uri,
        duration: segment.duration,
        discontinuity: Boolean(segment.discontinuity),
        discontinuitySequence: segment.discontinuitySequence,
        date: dateOf(list.segments[i], segment.programDateTime) }))]];
  });
}

function compareMain(report, main) {
  const ours = main.variants.map(({ uri, attributes }) => [uri,
    Number(value(attributes, 'BANDWIDTH')), value(attributes, 'CODECS'),
    value(attributes, 'RESOLUTION'), value(attributes, 'AUDIO') ?? null]);
  const size = one => one && `${one.width}x${one.height}`;
  compare(report, 'hls-other-m3u8-parser', main.url, () => [ours,
    (readM3u8(main.text).playlists ?? []).map(({ uri, attributes }) => [uri,
      attributes.BANDWIDTH, attributes.CODECS, size(attributes.RESOLUTION),
      attributes.AUDIO ?? null])]);
  compare(report, 'hls-other-hls-parser', main.url, () => [ours,
    HLS.parse(main.text).variants.map(variant => [variant.uri,
      variant.bandwidth, variant.codecs, size(variant.resolution),
      variant.audio[0]?.groupId ?? null])]);
}

export function crossCheckHls(report, presentation) {
  HLS.setOptions({ strictMode: true, silent: true });
  if (presentation.main) compareMain(report, presentation.main);
  for (const { list } of presentation.tracks) compareMedia(report, list);
}

const rounded = number => Math.round(number * 10000) / 10000;

/** mpd-parser joins what it takes for one representation over periods: the
 * URIs of all are compared, with their durations. */
export function crossCheckDash(report, mpd) {
  // it counts the segments of @duration up to its own clock
  if (mpd.dynamic && mpd.representations.some(({ template }) =>
    !template.timeline)) return;
  compare(report, 'dash-other-mpd-parser', mpd.url, () => {
    const { playlists, mediaGroups } = parseMpd(mpd.text,
      { manifestUri: mpd.url });
    const sounds = Object.values(mediaGroups.AUDIO).flatMap(group =>
      Object.values(group).flatMap(one => one.playlists));
    const theirs = [...playlists, ...sounds].flatMap(({ segments }) =>
      segments.map(({ resolvedUri, duration }) => [resolvedUri,
        rounded(duration)]));
    const ours = mpd.representations.flatMap(({ segments }) =>
      segments.map(segment => [segment.url, rounded(segment.seconds)]));
    return [ours.sort(), theirs.sort()];
  });
}

function readWithMp4box(bytes) {
  const file = mp4box.createFile();
  const found = { samples: [], codec: null };
  file.onError = (message) => { throw new Error(message); };
  file.onReady = ({ tracks }) => {
    found.codec = tracks[0].codec;
    file.setExtractionOptions(tracks[0].id, null, { nbSamples: 1 });
    file.start();
  };
  file.onSamples = (id, user, samples) => found.samples.push(...samples);
  const buffer = new Uint8Array(bytes).buffer;
  buffer.fileStart = 0;
  file.appendBuffer(buffer);
  file.flush();
  return found;
}

/** @segments: { url, init, media }, of a track: the first is compared */
export function crossCheckCmaf(report, segments) {
  const segment = segments.find(({ init, media }) => init && media?.answer);
  if (!segment) return;
  const { init, media, url } = segment;
  compare(report, 'cmaf-other-mp4box', url, () => {
    const { codec, samples } = readWithMp4box(Buffer.concat([init.answer.body,
      media.answer.body]));
    const ours = media.main.samples.map(({ dts, pts, duration, size, sync }) =>
      [dts, pts, duration, size, sync]);
    return [[init.config?.mime.toLowerCase(), ...ours],
      [codec.toLowerCase(), ...samples.map(sample => [sample.dts, sample.cts,
        sample.duration, sample.size, sample.is_sync])]];
  });
}
