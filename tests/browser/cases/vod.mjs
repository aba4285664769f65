// SPDX-License-Identifier: LGPL-2.1-or-later
// pipelines/vod and its page: a viewer logs in, finds a film, plays it, and
// goes on when its URL is over in the middle.
import assert from 'node:assert/strict';
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { looped } from '../lib/clips.mjs';
import { freePort, sleep, until } from '../lib/process.mjs';

const SCRIPT = fileURLToPath(new URL('../../../pipelines/vod',
  import.meta.url));
const CLIP = 'H.264 and AAC 5.1, 720p25';
// longer than what a browser has of it ahead
const FILM_S = 420;
const LIFE_S = 4;
const START_MS = 120000;

async function start(bench) {
  const out = await bench.directory();
  const port = await freePort();
  const child = bench.spawn(SCRIPT, ['--out', out, '--port', String(port)]);
  const logins = await until('pipelines/vod', () => {
    child.assertRunning();
    const found = [...child.output.matchAll(
      /Account (\S+), user (\S+), password (\S+)/g)];
    return found.length === 2 && found.map(([, account, user, password]) =>
      ({ account, user, password }));
  }, START_MS);
  return { out, child, logins, base: `https://localhost:${port}` };
}

/** The page, which complains of nothing but refused requests. */
async function open(bench, vod, options = {}, where = '/vod.html') {
  const page = await bench.page({ ignoreHTTPSErrors: true, ...options });
  page.complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 40[13]/.test(message.text()))
      page.complaints.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(error.message));
  page.on('dialog', (dialog) => page.complaints.push(dialog.message()));
  await page.goto(vod.base + where);
  return page;
}

async function logIn(page, { account, user, password }) {
  await page.fill('#account', account);
  await page.fill('#user', user);
  await page.fill('#password', password);
  await page.keyboard.press('Enter');
}

const state = (page) => page.evaluate(() => {
  const video = document.getElementById('video');
  return {
    time: video.currentTime,
    paused: video.paused,
    height: video.videoHeight,
    notice: document.getElementById('notice').hidden
      ? '' : document.getElementById('notice').textContent,
  };
});

async function plays(page, from = 0) {
  await until(`it plays behind ${from} s`, async () => {
    const now = await state(page);
    assert.equal(now.notice, '');
    return !now.paused && now.height > 0 && now.time > from + 0.5;
  });
}

async function refuses(bench, vod) {
  const page = await open(bench, vod);
  const [alpha, beta] = vod.logins;
  for (const wrong of [{ ...alpha, password: 'wrong' },
    { ...alpha, account: beta.account }, { ...alpha, account: 'nobody' }]) {
    await logIn(page, wrong);
    await until('it says so', async () => (await page
      .textContent('#login-trouble')).includes('is wrong'));
    await page.reload();
  }
  assert.deepEqual(page.complaints, []);
}

/** Where everything is signed, the player's page leads to the log-in. */
async function leads(bench, vod) {
  const page = await open(bench, vod, {}, '/');
  await page.waitForURL(`${vod.base}/vod.html`);
  await page.waitForSelector('#account');
  assert.deepEqual(page.complaints, []);
}

async function walks(bench, vod) {
  for (const login of vod.logins) {
    const page = await open(bench, vod);
    await logIn(page, login);
    await page.waitForSelector('.files');
    const paths = await page.evaluate(() => [...document
      .querySelectorAll('.files button')].map((file) => file.dataset.url));
    assert.ok(paths.length >= 2);
    for (const file of paths) {
      assert.ok(file.startsWith(`/out/v1/${login.account}/`), file);
      await page.click(`.files button[data-url="${file}"]`);
      await plays(page);
      assert.match(await page.textContent('#url'), /[?&]Signature=/);
    }
    assert.deepEqual(page.complaints, []);
  }
}

/** By keyboard, on a phone's width. */
async function narrow(bench, vod) {
  const page = await open(bench, vod,
    { viewport: { width: 360, height: 740 } });
  await logIn(page, vod.logins[0]);
  await page.waitForSelector('.files');
  await page.focus('.files button');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await plays(page);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth),
    360);
  await page.click('#log-out');
  assert.equal(await page.inputValue('#password'), '');
  assert.equal(await page.isVisible('#inside'), false);
  assert.deepEqual(page.complaints, []);
}

/** URLs of the accounts' are over after some seconds from now on. */
async function shorten(page, vod, login) {
  const file = path.join(vod.out, 'accounts.json');
  const text = (await readFile(file, 'utf8'))
    .replaceAll(/"expires-in": \d+/g, `"expires-in": ${LIFE_S}`);
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
  await until('URLs are short', async () => {
    const authorization = Buffer.from(`${login.user}:${login.password}`);
    const answer = await page.request.post(`${vod.base}/v1/sign`, {
      headers: { Authorization: `Basic ${authorization.toString('base64')}` },
      data: { account: login.account,
        path: `/out/v1/${login.account}/media/film.mp4` },
    });
    const { expires } = await answer.json();
    return expires < Date.now() / 1000 + LIFE_S + 1;
  });
}

async function renews(bench, vod) {
  const [login] = vod.logins;
  const page = await open(bench, vod);
  await copyFile(await looped(bench, CLIP, FILM_S),
    path.join(vod.out, 'archive', login.account, 'media', 'long.mp4'));
  await shorten(page, vod, login);
  await logIn(page, login);
  const film = '.files button[title="long.mp4"]';
  await until('it is listed', async () => {
    await page.click('#again');
    return page.isVisible(film);
  });
  await page.click(film);
  await plays(page);
  const first = await page.textContent('#url');
  await sleep((LIFE_S + 1) * 1000);
  await page.evaluate((time) => {
    document.getElementById('video').currentTime = time;
  }, FILM_S * 0.7);
  await plays(page, FILM_S * 0.7);
  assert.notEqual(await page.textContent('#url'), first);
  assert.deepEqual(page.complaints, []);
}

export default async function run(bench) {
  const vod = await start(bench);
  await bench.check('the first page', () => leads(bench, vod));
  await bench.check('who is nobody is told so', () => refuses(bench, vod));
  await bench.check('an account\'s own, and it plays',
    () => walks(bench, vod));
  await bench.check('by keyboard, 360 wide', () => narrow(bench, vod));
  await bench.check('a URL that is over in the middle',
    () => renews(bench, vod));
  await bench.check('Ctrl-C', async () => {
    const { code } = await vod.child.stop();
    assert.equal(code, 0, vod.child.tail());
  });
}
