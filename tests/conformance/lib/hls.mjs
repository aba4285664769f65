// SPDX-License-Identifier: LGPL-2.1-or-later
// An HLS presentation, from its main or media playlist down to its segments.

import * as m3u8 from './m3u8.mjs';
import { parseTransportStream } from './media.mjs';

/** Reads @list's segments; those past the limit stay without media. */
async function loadTrack(context, url) {
  const answer = await context.manifest(url, 'playlist');
  if (!answer.ok) return null;
  const list = m3u8.parse(answer.text, url);
  const track = { url, list, answer, container: null,
    segments: list.segments.map(segment => ({ ...segment, media: null })) };
  let reference;
  for (const segment of context.take(track.segments)) {
    if (segment.gap) continue;
    track.container = segment.map ? 'cmaf' : 'ts';
    segment.media = segment.map
      ? await context.fragment(segment.url, segment.map, 'hls-segment')
      : await context.segment(segment.url, 'ts', 'hls-segment',
        body => parseTransportStream(body, reference));
    segment.init = segment.map && await context.init(segment.map);
    reference = segment.media?.main.end ?? reference;
  }
  return track;
}

/** { main, variants, renditions, tracks }: main is null when @url is that of
 * a media playlist */
export async function loadHls(context, url) {
  const answer = await context.manifest(url, 'playlist');
  const main = m3u8.parse(answer.text, url);
  const tracks = new Map();
  const load = async (target) => {
    if (!tracks.has(target)) tracks.set(target, await loadTrack(context, target));
    return tracks.get(target);
  };
  if (main.kind === 'media') {
    const track = await load(url);
    return { main: null, url, answer, variants: [{ attributes: {}, url, track }],
      renditions: [], tracks: [track] };
  }
  const presentation = { main, url, answer, variants: [], renditions: [] };
  for (const variant of main.variants)
    presentation.variants.push({ ...variant, track: await load(variant.url) });
  for (const attributes of main.media) {
    const target = attributes.URI && new URL(attributes.URI.value, url).href;
    presentation.renditions.push({ attributes, url: target,
      track: target ? await load(target) : null });
  }
  presentation.variants = presentation.variants.filter(({ track }) => track);
  presentation.tracks = [...tracks.values()].filter(track => track);
  return presentation;
}
