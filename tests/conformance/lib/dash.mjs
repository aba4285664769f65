// SPDX-License-Identifier: LGPL-2.1-or-later
// A DASH presentation, from its MPD down to its segments.

import * as mpd from './mpd.mjs';

async function loadRepresentation(context, representation) {
  if (representation.template.initialization)
    representation.init = await context.init(representation.initUrl);
  for (const segment of context.take(representation.segments)) {
    segment.init = representation.init;
    segment.media = representation.init && await context.fragment(segment.url,
      representation.initUrl, 'dash-segment');
  }
}

/** null: there is no MPD to be read */
export async function loadDash(context, url) {
  const answer = await context.manifest(url, 'mpd');
  if (!answer.ok) return null;
  const now = context.client.now();
  const presentation = context.report.attempt('dash-syntax', url,
    () => mpd.parse(answer.text, url, now));
  if (!presentation) return null;
  Object.assign(presentation, { answer, now });
  presentation.representations = presentation.periods.flatMap(({ sets }) =>
    sets.flatMap(({ representations }) => representations));
  for (const representation of presentation.representations)
    await loadRepresentation(context, representation);
  return presentation;
}
