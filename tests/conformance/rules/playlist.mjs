// SPDX-License-Identifier: LGPL-2.1-or-later
// What a media playlist says, before its segments are looked at.

export const rules = {
  'hls-syntax': ['RFC8216bis 4.1, 4.2', 'playlists are well-formed'],
  'hls-version': ['RFC8216bis 8',
    'EXT-X-VERSION is at least what the tags in use ask for'],
  'hls-target-duration': ['RFC8216bis 4.4.3.1',
    'an integer, at least each EXTINF rounded'],
  'hls-media-sequence': ['RFC8216bis 4.4.3.2, 6.2.2',
    'a live playlist numbers its segments'],
  'hls-length': ['RFC8216bis 6.2.2',
    'what is left of a live playlist lasts three target durations'],
  'hls-playlist-type': ['RFC8216bis 4.4.3.5',
    'VOD or EVENT; a VOD playlist has EXT-X-ENDLIST'],
  'hls-date': ['RFC8216bis 4.4.4.6, Apple authoring',
    'EXT-X-PROGRAM-DATE-TIME in live playlists and after discontinuities'],
  'hls-date-step': ['RFC8216bis 4.4.4.6',
    'EXT-X-PROGRAM-DATE-TIME advances by the durations'],
  'hls-map': ['RFC8216bis 4.4.4.5', 'fMP4 segments have an EXT-X-MAP'],
};

// of dates, which are written in milliseconds, and durations
const DATE_TOLERANCE = 0.02;

function neededVersion(list) {
  const { segments } = list;
  const framesOnly = list.tags('EXT-X-I-FRAMES-ONLY').length > 0;
  const needs = [
    [3, segments.some(({ extinf }) => extinf?.includes('.'))],
    [4, framesOnly || segments.some(({ byterange }) => byterange)],
    [framesOnly ? 5 : 6, segments.some(({ map }) => map)],
    [8, segments.some(({ gap }) => gap)],
    [2, list.tags('EXT-X-KEY').some(({ attributes }) => attributes.IV)],
  ];
  return Math.max(1, ...needs.filter(([, used]) => used).map(([n]) => n));
}

function checkTarget(report, list) {
  const { target, url } = list;
  report.check('hls-target-duration', target > 0, url, 'there is none');
  for (const { duration, uri } of list.segments)
    report.check('hls-target-duration', Math.round(duration) <= target, url,
      () => `${uri} lasts ${duration} s, over ${target}`);
}

function checkDates(report, list) {
  list.segments.forEach((segment, i) => {
    const before = list.segments[i - 1];
    if (segment.discontinuity || (i === 0 && !list.ended))
      report.check('hls-date', segment.date !== undefined, list.url,
        `none at ${segment.uri}`);
    // a gap has no media to be dated by
    if (!before || segment.discontinuity || segment.gap || before.gap
      || segment.date === undefined || before.date === undefined) return;
    const step = (segment.date - before.date) / 1000;
    report.check('hls-date-step',
      Math.abs(step - before.duration) <= DATE_TOLERANCE, list.url,
      () => `${segment.uri} is ${step} s after one of ${before.duration} s`);
  });
}

function checkLiveList(report, list) {
  if (list.ended) return;
  report.check('hls-media-sequence', list.mediaSequence !== null, list.url,
    'there is none');
  const length = list.segments.reduce((sum, { duration }) => sum + duration, 0);
  // at the start of a stream there is nothing else yet
  if (list.mediaSequence > 1)
    report.check('hls-length', length >= 3 * list.target - 0.5, list.url,
      () => `${length.toFixed(3)} s, target duration ${list.target}`);
}

export function checkPlaylist(report, list) {
  report.check('hls-syntax', list.faults.length === 0, list.url,
    () => list.faults.join(', '));
  report.check('hls-version', list.version >= neededVersion(list), list.url,
    () => `${list.version}, needs ${neededVersion(list)}`);
  checkTarget(report, list);
  checkLiveList(report, list);
  report.check('hls-playlist-type', [null, 'VOD', 'EVENT'].includes(
    list.playlistType) && (list.playlistType !== 'VOD' || list.ended),
  list.url, `${list.playlistType}, EXT-X-ENDLIST: ${list.ended}`);
  checkDates(report, list);
  for (const { url, map } of list.segments)
    if (/\.(mp4|m4s|cmf[va])($|\?)/.test(url))
      report.check('hls-map', map, url, 'there is none');
}
