// SPDX-License-Identifier: LGPL-2.1-or-later
// One look at a presentation of any format: loaded whole, every rule applied.

import * as cmaf from '../rules/cmaf.mjs';
import * as cross from '../rules/cross.mjs';
import * as dashMedia from '../rules/dashmedia.mjs';
import * as hlsMedia from '../rules/hlsmedia.mjs';
import * as http from '../rules/http.mjs';
import * as live from '../rules/live.mjs';
import * as main from '../rules/main.mjs';
import * as mpd from '../rules/mpd.mjs';
import * as playlist from '../rules/playlist.mjs';
import * as smooth from '../rules/smooth.mjs';
import { loadDash } from './dash.mjs';
import { loadHls } from './hls.mjs';
import { loadSmooth } from './smooth.mjs';

export const rules = Object.assign({}, ...[http, main, playlist, hlsMedia,
  mpd, dashMedia, cmaf, smooth, live, cross].map(one => one.rules));

/** Which rules can apply to a format, by the first part of their ids */
export const PREFIXES = { hls: ['http', 'hls', 'ts', 'cmaf'],
  dash: ['http', 'dash', 'cmaf'], smooth: ['http', 'mss'] };

function checkSwitching(report, tracks) {
  const cmafTracks = tracks.filter(({ segments }) =>
    segments.some(({ media }) => media?.container === 'cmaf'));
  for (const { segments } of cmafTracks) {
    cmaf.checkTrack(report, segments);
    cross.crossCheckCmaf(report, segments);
  }
  if (cmafTracks.length > 0) cmaf.checkSwitchingSet(report, cmafTracks);
}

const asTrack = ({ url, segments }) => ({ name: url,
  segments: segments.map(segment => ({ ...segment, number: segment.sequence,
    breaks: segment.discontinuity })) });

const isVideo = track => track.segments.some(({ media }) => media?.video);

async function lookAtHls(context, url) {
  const { report } = context;
  const presentation = await loadHls(context, url);
  const { tracks, variants } = presentation;
  for (const track of tracks) {
    playlist.checkPlaylist(report, track.list);
    if (!track.list.ended)
      http.checkLiveCache(report, track.answer, track.list.target);
    hlsMedia.checkTrackMedia(report, track);
  }
  if (presentation.main) main.checkMain(context, presentation);
  const own = [...new Set(variants.map(({ track }) => track))];
  const sounds = tracks.filter(track => !own.includes(track));
  if (own.length > 0) hlsMedia.checkAlignment(report, own, sounds);
  checkSwitching(report, own.filter(isVideo).map(asTrack));
  for (const track of tracks.filter(one => !isVideo(one)))
    checkSwitching(report, [asTrack(track)]);
  cross.crossCheckHls(report, presentation);
  return Object.assign(presentation, { live: tracks.some(({ list }) =>
    !list.ended), updateSeconds: Math.min(...tracks.map(({ list }) =>
    list.target)) });
}

async function lookAtDash(context, url) {
  const { report } = context;
  const presentation = await loadDash(context, url);
  if (!presentation) return null;
  await mpd.checkMpd(context, presentation);
  dashMedia.checkDashMedia(report, presentation);
  for (const { sets } of presentation.periods)
    for (const { representations } of sets)
      checkSwitching(report, representations.map(({ id, segments }) =>
        ({ name: id, segments })));
  cross.crossCheckDash(report, presentation);
  const longest = presentation.maxSegmentDuration ?? 10;
  if (presentation.dynamic)
    http.checkLiveCache(report, presentation.answer, longest);
  return Object.assign(presentation, { live: presentation.dynamic,
    updateSeconds: presentation.minimumUpdatePeriod ?? longest });
}

async function lookAtSmooth(context, url) {
  const presentation = await loadSmooth(context, url);
  if (!presentation) return null;
  smooth.checkSmooth(context.report, presentation);
  const longest = Math.max(...presentation.streams.flatMap(
    ({ chunks, timescale }) => chunks.map(({ duration }) =>
      duration / timescale)));
  if (presentation.live)
    http.checkLiveCache(context.report, presentation.answer, longest);
  return Object.assign(presentation, { updateSeconds: longest });
}

const looks = { hls: lookAtHls, dash: lookAtDash, smooth: lookAtSmooth };

/** null: what came is of no format that we know */
export function recognize(text) {
  if (text.startsWith('#EXTM3U') || text.startsWith('\ufeff#EXTM3U'))
    return 'hls';
  if (/<(\w+:)?MPD[\s>]/.test(text)) return 'dash';
  if (/<SmoothStreamingMedia[\s>]/.test(text)) return 'smooth';
  return null;
}

/**
 * Looks at @url, and for @seconds again whenever an update is due.
 * Returns: the format; null: none that we know
 */
export async function check(context, url, { seconds = 0 } = {}) {
  const answer = await context.client.get(url);
  const format = recognize(answer.ok ? answer.text : '');
  if (!format) return null;
  let presentation = await looks[format](context, url);
  const end = context.client.now() + seconds * 1000;
  if (presentation && seconds > 0) {
    const follower = live.follow(format, context.report, presentation,
      context.client.now());
    while (context.client.now() < end) {
      await context.client.sleep(presentation.updateSeconds * 500);
      presentation = await looks[format](context, url) ?? presentation;
      follower.update(presentation, context.client.now());
    }
    await live.finish(follower, context);
  }
  return format;
}
