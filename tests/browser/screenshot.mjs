// SPDX-License-Identifier: LGPL-2.1-or-later
// Takes the README's picture: the player page on pipelines/live's own default
// chain.
//
//   tests/browser/run BUILDDIR --screenshot FILE
import { Bench } from './lib/bench.mjs';
import { startLive } from './lib/chain.mjs';
import { sleep, until } from './lib/process.mjs';

export async function screenshot(file) {
  const bench = await Bench.open();
  try {
    const origin = await startLive(bench, {
      archive: await bench.directory(), ladder: null,
    });
    const page = await bench.page({
      viewport: { width: 1280, height: 864 },
    });
    await page.goto(`${origin.base}/`);
    await until('the page plays', () => page.evaluate(() =>
      document.getElementById('video').currentTime > 1));
    await page.hover('#stage');
    await page.click('#mute');
    await sleep(8000);
    await page.hover('#play');
    await page.screenshot({ path: file });
  } finally {
    await bench.close();
  }
}
