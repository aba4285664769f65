// SPDX-License-Identifier: LGPL-2.1-or-later
// What is on demand: each format, with the endpoint's settings that change it.

import { makeArchive, serveArchive } from './sources.mjs';

const variants = [
  { name: 'as they are', settings: '' },
  { name: 'joined', settings: 'hls::segment-duration=4000000000 '
    + 'cmaf::segment-duration=6000000000 dash::segment-duration=4000000000 '
    + 'mss::segment-duration=4000000000' },
  { name: 'otherwise addressed', settings: 'hls::audio-groups=true '
    + 'cmaf::uri-type=root dash::template=time-with-timeline '
    + 'dash::layout=compact cmaf::separator=- cmaf::segment-prefix=cam' },
  { name: 'by duration', endpoints: ['dash'],
    settings: 'dash::template=number-with-duration' },
];

/** @judge (what, URL) of each of @formats, of an archive of so many @seconds;
 * returns that */
export async function judgeVariants(name, { seconds, formats }, judge) {
  const archive = makeArchive(name, { segment: 2, gop: 2, seconds });
  for (const { name: how, settings, endpoints } of variants) {
    const origin = await serveArchive(archive, settings);
    for (const endpoint of endpoints ?? formats)
      judge(`${endpoint}, ${how}`, origin.url(endpoint));
    await origin.stop();
  }
  return archive;
}
