// SPDX-License-Identifier: LGPL-2.1-or-later
// Streams of two accounts for those alone who have them signed: each player on
// each format, by cookies and by URLs; policies that are renewed, keys that
// change, and everything that was asked for once more, with what must not do.
import assert from 'node:assert/strict';
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { Play } from '../lib/play.mjs';
import { output, sleep, until } from '../lib/process.mjs';
import {
  Key, recordEvent, signedBy, startSignedArchive, startSignedLive, unsigned,
} from '../lib/signed.mjs';

const PLAYERS = [
  ['hls', 'hls'], ['hls', 'cmaf'], ['dash', 'dash'], ['mss', 'mss'],
  ['shaka', 'hls'], ['shaka', 'cmaf'], ['shaka', 'dash'],
  // Shaka Player 4 plays Smooth Streaming, on demand
  ['shaka-lts', 'mss', 'film'],
];
const MODES = ['cookies', 'urls'];
// each for either account
const AT_ONCE = 2;
const FILM_S = 20;
const WATCHED_S = 6;
// dash.js does not start Smooth Streaming with less
const WINDOW_S = 8;
// longer than the case
const LONG_S = 3600;

// of the player that is watched while its policy is renewed
const [RENEWED_S, POLICY_S] = [['VS_SIGNED_SECONDS', 60],
  ['VS_POLICY_SECONDS', 15]].map(([name, seconds]) =>
  Number(process.env[name] ?? seconds));
const RENEWED_PLAYERS = [['hls', 'hls'], ['dash', 'dash'], ['shaka', 'cmaf']];
const ROTATED_POLICY_S = 15;
const SHORT_POLICY_S = 8;

const BIG_BYTES = 1e9;
const BIG_CLIP_S = 10;
const BIG_PARTS = [0.99, 0.5, 0.98, 0.25];
// of the file, for some seconds at each of these places
const BIG_SHARE = 0.25;
const REQUESTS_AT_ONCE = 8;

/**
 * alpha's media file of 1 GB, whose index is behind all else; resolves to its
 * length in seconds.
 */
async function makeBig(bench, archive) {
  const clip = path.join(await bench.directory(), 'clip.mp4');
  await output('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i',
    'testsrc2=size=640x360:rate=30,noise=alls=40:allf=t', '-f', 'lavfi', '-i',
    'sine=sample_rate=48000', '-t', String(BIG_CLIP_S), '-c:v', 'libx264',
    '-preset', 'ultrafast', '-b:v', '12M', '-g', '60', '-pix_fmt', 'yuv420p',
    '-c:a', 'aac', clip]);
  const { size } = await stat(clip);
  const folder = path.join(archive, 'alpha', 'media');
  const times = Math.ceil(BIG_BYTES / size);
  await output('mkdir', ['-p', folder]);
  await output('ffmpeg', ['-v', 'error', '-stream_loop', String(times - 1),
    '-i', clip, '-c', 'copy', path.join(folder, 'big.mp4')]);
  return times * BIG_CLIP_S;
}

/** Two accounts, their keys, a film and a live event of each; a large file. */
async function setUp(bench) {
  const archive = await bench.directory();
  const groups = await bench.directory();
  const logs = await bench.directory();
  const keys = { alpha: new Key('alpha', 'A1'), beta: new Key('beta', 'B1') };
  const accounts = Object.keys(keys);
  await Promise.all(Object.values(keys).map((key) => key.publish(groups)));
  await recordEvent({ archive, accounts, event: 'film', seconds: FILM_S });
  const bigSeconds = await makeBig(bench, archive);
  const origins = {
    cookies: await startSignedLive(bench, { archive, accounts, groups,
      children: 'cookies', log: path.join(logs, 'cookies') }),
    urls: await startSignedArchive(bench, { archive, groups,
      children: 'urls', log: path.join(logs, 'urls') }),
  };
  for (const account of accounts) {
    for (const origin of Object.values(origins)) {
      await origin.ready(keys[account], account, WINDOW_S);
    }
  }
  return { archive, groups, logs, keys, accounts, origins, bigSeconds,
    asked: new Map() };
}

/** Keeps what @play asked for, to be asked for again by others. */
function keep({ asked }, account, play) {
  for (const url of play.urls) {
    // not the time, which is for all, nor the players' own blobs
    if (url.includes('/out/v1/')) asked.set(unsigned(url), account);
  }
}

// ---- what plays ------------------------------------------------------------

async function playSigned(bench, set, mode, account,
  [player, format, event = 'live']) {
  const origin = set.origins[mode];
  const query = set.keys[account].query(origin.all(account, event), LONG_S);
  const play = await Play.start(bench, player,
    signedBy(origin.url(format, account, event), query),
    mode === 'cookies' ? { credentials: 1 } : {});
  await play.watch(WATCHED_S);
  await play.assertPicture();
  keep(set, account, play);
  await play.finish(bench, { seconds: WATCHED_S });
}

async function players(bench, set, mode) {
  for (let i = 0; i < PLAYERS.length; i += AT_ONCE) {
    const some = PLAYERS.slice(i, i + AT_ONCE);
    await bench.check(
      `by ${mode}: ${some.map(([p, f]) => `${f} in ${p}`).join(', ')}`,
      () => Promise.all(some.flatMap((one) => set.accounts.map((account) =>
        playSigned(bench, set, mode, account, one)))));
  }
}

// ---- files -----------------------------------------------------------------

/** That @play, of a file, asked for parts, and at least @least times. */
function assertPartial({ name, statuses }, least) {
  const { 200: whole, 206: partial, ...others } = statuses;
  // the page and its script
  assert.equal(whole, 2, name);
  assert.ok(partial >= least, `${name}: ${partial} parts`);
  assert.deepEqual(others, {}, name);
}

/** A recording of either account, in the element as it is. */
async function recordings(bench, set) {
  await Promise.all(set.accounts.map(async (account) => {
    const folder = path.join(set.archive, account, 'film', 'recordings');
    const name = (await readdir(folder)).find((file) => file.endsWith('.mp4'));
    const url = `${set.origins.urls.base}/out/v1/${account}/film/recordings/`
      + name;
    const play = await Play.start(bench, 'file',
      set.keys[account].url(url, LONG_S));
    await play.watch(WATCHED_S);
    await play.assertPicture();
    keep(set, account, play);
    assertPartial(play, 1);
    await play.finish(bench, { seconds: WATCHED_S });
  }));
}

/** The lines of an origin's access log that @hold. */
async function logged({ logs }, mode, hold) {
  const text = await readFile(path.join(logs, mode), 'utf8');
  return text.split('\n').filter(Boolean).map((line) => JSON.parse(line))
    .filter(hold);
}

/** What the origin by urls sent of @name. */
async function sent(set, name) {
  const lines = await logged(set, 'urls',
    ({ request }) => request.includes(name));
  return {
    requests: lines.length,
    bytes: lines.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
  };
}

async function seekBig(bench, set) {
  const url = `${set.origins.urls.base}/out/v1/alpha/media/big.mp4`;
  const { size } = await stat(path.join(set.archive, 'alpha/media/big.mp4'));
  assert.ok(size >= BIG_BYTES, `${size} bytes`);
  const play = await Play.start(bench, 'file',
    set.keys.alpha.url(url, LONG_S));
  for (const part of BIG_PARTS) {
    const position = set.bigSeconds * part;
    await play.page.evaluate((to) => { video.currentTime = to; }, position);
    await play.reports(`a frame at ${position} s`, ({ shown }) =>
      shown >= position - 0.1 && shown < position + 5, 20000);
    await play.forgetPicture();
    await play.watch(1);
    await play.assertPicture();
  }
  keep(set, 'alpha', play);
  assertPartial(play, BIG_PARTS.length);
  await play.finish(bench, { seconds: 2 });
  const { bytes, requests } = await until('the log', async () => {
    const all = await sent(set, 'big.mp4');
    return all.requests >= play.statuses[206] && all;
  });
  bench.note(`${bytes} of ${size} bytes in ${requests} requests`);
  assert.ok(bytes < size * BIG_SHARE, `${bytes} of ${size} bytes`);
}

/** A download goes on after its URL is over, to the last byte. */
async function download(bench, set) {
  const url = `${set.origins.urls.base}/out/v1/alpha/media/big.mp4`;
  const { size } = await stat(path.join(set.archive, 'alpha/media/big.mp4'));
  const signed = set.keys.alpha.url(url, 3);
  const page = await bench.page();
  // any page of that origin
  await page.goto(`${bench.pages}/play.js`);
  const first = await page.evaluate(async (from) => {
    const response = await fetch(from);
    window.reader = response.body.getReader();
    window.got = (await window.reader.read()).value.length;
    return window.got;
  }, signed);
  await until('its end', async () => (await fetch(signed,
    { headers: { Range: 'bytes=0-0' } })).status === 403);
  const got = await page.evaluate(async () => {
    for (;;) {
      const { done, value } = await window.reader.read();
      if (done) return window.got;
      window.got += value.length;
    }
  });
  assert.ok(first < size / 2, `${first} bytes at first`);
  assert.equal(got, size);
}

async function files(bench, set) {
  await bench.check('recordings in the element',
    () => recordings(bench, set));
  await bench.check('the element seeks in a file of 1 GB',
    () => seekBig(bench, set));
  await bench.check('a download that began in time',
    () => download(bench, set));
}

// ---- what changes in the meantime ------------------------------------------

/** A play whose policy of @seconds is renewed, by whatever key is @key. */
class Renewed {
  static async start(bench, { origins }, mode, key, seconds, [player, format]) {
    const self = new Renewed();
    const origin = origins[mode];
    const url = origin.url(format, 'alpha');
    Object.assign(self, { mode, key, seconds, url,
      resource: origin.all('alpha') });
    const signed = self.sign();
    self.play = mode === 'cookies'
      // players go on asking for what they began with
      ? await Play.open(bench, player, url, { credentials: 1, cookies: signed })
      : await Play.open(bench, player, signed);
    await self.until('a frame', ({ started }) => started, 40000);
    return self;
  }

  sign() {
    this.signedAt = Date.now();
    return signedBy(this.url, this.key.query(this.resource, this.seconds));
  }

  async renew() {
    const signed = this.sign();
    if (this.mode === 'cookies') {
      assert.equal(await this.play.page.evaluate(async (main) =>
        (await fetch(main, { credentials: 'include' })).status, signed), 200);
    } else {
      await this.play.page.evaluate((query) => { window.policy = query; },
        signed.slice(signed.indexOf('?') + 1));
    }
  }

  /** Renews in good time until the report @holds. */
  until(what, holds, timeoutMs) {
    return this.play.reports(what, async (report) => {
      if (Date.now() - this.signedAt > this.seconds * 1000 / 3) {
        await this.renew();
      }
      return holds(report);
    }, timeoutMs);
  }

  /** The same until @seconds more of media have passed. */
  async watch(seconds) {
    const wanted = (await this.play.report()).mediaTime + seconds;
    await this.until(`${seconds} s of media`,
      ({ mediaTime }) => mediaTime >= wanted, seconds * 1500 + 20000);
  }
}

/** Ends @plays; of what was refused to them, the logs know why. */
async function finishAll(bench, set, plays, seconds) {
  const start = Math.min(...plays.map(({ play }) => play.startedAt));
  for (const mode of MODES) {
    const refused = await logged(set, mode,
      ({ statusCode, userAgent, timestamp }) => statusCode === '403'
        && userAgent.startsWith('Mozilla') && Date.parse(timestamp) >= start);
    for (const { timestamp, reason, request } of refused) {
      bench.note(`${timestamp} ${reason}: ${request}`);
    }
  }
  for (const { play } of plays) await play.finish(bench, { seconds });
}

function renewedPlays(bench, set, key, seconds) {
  return Promise.all(MODES.flatMap((mode) => RENEWED_PLAYERS.map((one) =>
    Renewed.start(bench, set, mode, key, seconds, one))));
}

async function renewal(bench, set) {
  const plays = await renewedPlays(bench, set, set.keys.alpha, POLICY_S);
  await Promise.all(plays.map((one) => one.watch(RENEWED_S)));
  await finishAll(bench, set, plays, RENEWED_S);
}

/** The status of alpha's live event, by @key */
async function statusBy(origin, key) {
  const query = key.query(origin.all('alpha'), LONG_S);
  const { status } = await fetch(signedBy(origin.url('hls', 'alpha'), query));
  return status;
}

function awaitStatus(what, { origins }, key, status) {
  return until(what, async () => {
    const all = await Promise.all(Object.values(origins)
      .map((origin) => statusBy(origin, key)));
    return all.every((one) => one === status);
  });
}

/** Another key comes, with another hash at that, and the old one goes. */
async function rotation(bench, set) {
  const before = set.keys.alpha;
  const after = new Key('alpha', 'A2', 'SHA256');
  const plays = await renewedPlays(bench, set, before, ROTATED_POLICY_S);
  let watched = false;
  const watch = async (one) => {
    while (!watched) await one.watch(1);
    await one.watch(WATCHED_S);
  };
  const change = async () => {
    await after.publish(set.groups);
    await awaitStatus('the new key', set, after, 200);
    for (const one of plays) one.key = after;
    const changed = Date.now();
    await until('policies by the new key', () =>
      plays.every(({ signedAt }) => signedAt > changed));
    await sleep(ROTATED_POLICY_S * 1000);
    await before.withdraw(set.groups);
    await awaitStatus('the old key to be gone', set, before, 403);
    watched = true;
  };
  await Promise.all([change(), ...plays.map(watch)]);
  set.keys.alpha = after;
  await finishAll(bench, set, plays, WATCHED_S);
}

// ---- what is refused -------------------------------------------------------

/** @grant with another letter in the middle of its signature */
function forged(grant) {
  const [start] = grant.match(/Signature=.{100}/);
  const letter = grant[grant.indexOf(start) + start.length];
  return grant.replace(start + letter,
    start + (letter === 'A' ? 'B' : 'A'));
}

/** What must not do for what @own signs, by name: {query} or {cookies}. */
function grants(origin, own, other, account, otherAccount, event) {
  const all = origin.all(account, event);
  const refused = { 'with nothing': {} };
  for (const kind of ['query', 'cookies']) {
    Object.assign(refused, {
      [`expired ${kind}`]: { [kind]: own[kind](all, -1) },
      [`forged ${kind}`]: { [kind]: forged(own[kind](all, LONG_S)) },
      [`${otherAccount}'s ${kind} for all`]: { [kind]: other[kind]('*', LONG_S) },
      [`${otherAccount}'s ${kind}`]: { [kind]:
        other[kind](origin.all(otherAccount, event), LONG_S) },
      [`${otherAccount}'s ${kind} for this`]: { [kind]:
        other[kind](all, LONG_S) },
    });
  }
  return { good: { query: own.query(all, LONG_S) }, refused };
}

async function ask(url, { query, cookies }) {
  const response = await fetch(query ? signedBy(url, query) : url,
    { headers: cookies ? { Cookie: cookies } : {} });
  const headers = Object.fromEntries(response.headers);
  delete headers.date;
  const body = response.status === 403 ? await response.text()
    : await response.body.cancel();
  return { status: response.status, headers, body };
}

/** Runs @body on each of @all, some at a time. */
async function eachOf(all, body) {
  const left = [...all];
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, async () => {
    while (left.length > 0) await body(left.pop());
  }));
}

async function refusals(bench, set) {
  // of either origin: of one, pages may send cookies
  const first = {};
  let requests = 0;
  const counts = { alpha: 0, beta: 0 };
  await eachOf(set.asked, async ([url, account]) => {
    const other = set.accounts.find((one) => one !== account);
    const origin = Object.values(set.origins)
      .find(({ base }) => url.startsWith(`${base}/`));
    const event = url.split('/')[6];
    const { good, refused } = grants(origin, set.keys[account],
      set.keys[other], account, other, event);
    assert.equal((await ask(url, good)).status, 200, url);
    for (const [title, grant] of Object.entries(refused)) {
      const answer = await ask(url, grant);
      assert.equal(answer.status, 403, `${title}: ${url}`);
      first[origin.base] ??= answer;
      assert.deepEqual(answer, first[origin.base], `${title}: ${url}`);
      requests += 1;
    }
    counts[account] += 1;
  });
  bench.note(`${counts.alpha} URLs of alpha's and ${counts.beta} of beta's,`
    + ` ${requests} refusals`);
  for (const account of set.accounts) assert.ok(counts[account] > 50, account);
}

const TOLD_PLAYERS = [['hls', 'hls'], ['dash', 'dash'], ['mss', 'mss'],
  ['shaka', 'cmaf'], ['file', 'file']];
// how each of them says that it got 403
const SAYS = {
  hls: /^manifestLoadError .*403/, dash: /^25 /, mss: /^25 /,
  shaka: /^1001 .*,403,/s, file: /^video: /,
};

/** The page goes on, and its viewer can be told why there is nothing. */
async function told(bench, set, mode, [player, format]) {
  const origin = set.origins[mode];
  const url = format === 'file'
    ? set.keys.alpha.url(`${origin.base}/out/v1/alpha/media/big.mp4`, -1)
    : signedBy(origin.url(format, 'alpha'),
      set.keys.alpha.query(origin.all('alpha'), -1));
  const play = await Play.open(bench, player, url,
    mode === 'cookies' ? { credentials: 1 } : {});
  await play.reports('an error', ({ errors }) => errors.length > 0, 20000);
  const { errors, started } = await play.report();
  assert.match(errors[0], SAYS[player]);
  assert.equal(started, false);
  assert.ok(play.failures.length > 0);
  for (const failure of play.failures) assert.match(failure, /^403 /);
}

/** A policy that nobody renews plays until it is over, and not for longer. */
async function over(bench, set) {
  const one = await Renewed.start(bench, set, 'urls', set.keys.alpha,
    SHORT_POLICY_S, ['hls', 'hls']);
  const end = one.signedAt + SHORT_POLICY_S * 1000;
  await until('a refusal', () => one.play.failures.length > 0);
  // its policy ends with a second
  assert.ok(Date.now() > end - 1000, `${end - Date.now()} ms early`);
  for (const failure of one.play.failures) assert.match(failure, /^403 /);
}

export default async function signed(bench) {
  const set = await setUp(bench);
  for (const mode of MODES) await players(bench, set, mode);
  await files(bench, set);
  await bench.check(`policies of ${POLICY_S} s are renewed for ${RENEWED_S} s`,
    () => renewal(bench, set));
  await bench.check('a policy that is not renewed', () => over(bench, set));
  await bench.check('keys change while it plays', () => rotation(bench, set));
  await bench.check('all that was asked for, with what must not do',
    () => refusals(bench, set));
  await bench.check('players say that they got 403', () =>
    Promise.all(MODES.flatMap((mode) => TOLD_PLAYERS.map((one) =>
      told(bench, set, mode, one)))));
  await bench.check('the origins end cleanly', () =>
    Promise.all(Object.values(set.origins).map((origin) => origin.stop())));
}
