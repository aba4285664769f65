// SPDX-License-Identifier: LGPL-2.1-or-later
// H.265 where the browser can: Chromium decodes it by hardware only.
import { recordHevc, startArchive } from '../lib/chain.mjs';
import { Skip } from '../lib/bench.mjs';
import { Play } from '../lib/play.mjs';

const RECORDED_S = 10;
const TYPE = 'video/mp4; codecs="hvc1.1.6.L63.90"';

async function isSupported(bench) {
  const page = await bench.page();
  return page.evaluate((type) => MediaSource.isTypeSupported(type), TYPE);
}

async function play(bench, origin, player, format) {
  if (!await isSupported(bench)) throw new Skip('no decoder of H.265');
  const watched = await Play.start(bench, player, origin.url(format));
  await watched.assertPicture();
  await watched.ended((RECORDED_S + 30) * 1000);
  await watched.finish(bench, { seconds: RECORDED_S - 0.5 });
}

export default async function hevc(bench) {
  const origin = await startArchive(bench, await recordHevc(bench, RECORDED_S));
  for (const [player, format] of
    [['hls', 'cmaf'], ['dash', 'dash'], ['shaka', 'cmaf'], ['shaka', 'dash']]) {
    await bench.check(`${format} in ${player}`,
      () => play(bench, origin, player, format));
  }
  await bench.check('the origin ends cleanly', () => origin.stop());
}
