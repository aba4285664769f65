// SPDX-License-Identifier: LGPL-2.1-or-later
//
// GStreamer's adaptive demuxers read what is on demand to its end.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { folder, run as execute } from '../lib/process.mjs';
import { MANIFESTS } from '../lib/sources.mjs';
import { judgeVariants } from '../lib/variants.mjs';

// More than max-buffering-time (30 s). What is shorter may have been fetched
// whole before there is an output to put it out on, and then
// gst_adaptive_demux2_stream_end_of_manifest () of 1.22 posts an error in place
// of EOS: "Couldn't download fragments", although all answers were 200.
const SECONDS = 40;
const PICTURES = SECONDS * 30;
const PICTURE_BYTES = 320 * 180;
// GStreamer 1.22 shows some pictures twice, or not, when it changes renditions
const ONE_RENDITION = '?aws.manifestfilter=video_height:180';

/** Pictures that GStreamer shows, and whether it came to the end */
function playInGStreamer(url) {
  const file = join(folder, 'pictures');
  const text = execute('gst-launch-1.0', ['playbin3', `uri=${url}`,
    'video-sink=videoconvert ! video/x-raw,format=GRAY8 '
    + `! filesink sync=false location=${file}`,
    'audio-sink=fakesink sync=false']);
  return { pictures: statSync(file).size / PICTURE_BYTES,
    ended: text.includes('Got EOS') };
}

function judge(tap, what, url) {
  const seen = playInGStreamer(url + ONE_RENDITION);
  const complaints = [];
  if (!seen.ended) complaints.push('it did not come to an end');
  if (Math.abs(seen.pictures - PICTURES) > 1)
    complaints.push(`${seen.pictures} pictures of ${PICTURES}`);
  tap.result(`gstreamer: reads ${what}`, complaints);
}

export async function run(tap) {
  await judgeVariants('gstreamer',
    { seconds: SECONDS, formats: Object.keys(MANIFESTS) },
    (what, url) => judge(tap, what, url));
}
