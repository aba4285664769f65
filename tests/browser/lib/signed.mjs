// SPDX-License-Identifier: LGPL-2.1-or-later
// Accounts that sign, by a signer that is none of ours, and origins that want
// it signed.
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { getSignedCookies, getSignedUrl } from '@aws-sdk/cloudfront-signer';
import { MANIFESTS, Origin } from './chain.mjs';
import { freePort, output, until } from './process.mjs';

const SEGMENT_NS = 2e9;
// small enough for six players at a time on two cores
const LADDER = '180p:320x180@30,250k,96k;90p:160x90@30,100k,96k';
const PARAMETERS = ['Policy', 'Signature', 'Key-Pair-Id', 'Hash-Algorithm',
  'Expires'];

const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

/** A key of an account's. What it signs is over in some seconds. */
export class Key {
  constructor(account, id, algorithm = 'SHA1') {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    this.name = path.join(account, `${id}.pem`);
    this.publicKey = publicKey;
    this.signer = { keyPairId: id, privateKey, algorithm };
  }

  /** Lets origins know it, which look into @groups. */
  async publish(groups) {
    const file = path.join(groups, this.name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(`${file}.new`, this.publicKey);
    await rename(`${file}.new`, file);
  }

  withdraw(groups) {
    return rm(path.join(groups, this.name));
  }

  policy(resource, seconds) {
    return { ...this.signer, policy: JSON.stringify({ Statement: [{
      Resource: resource, Condition: {
        DateLessThan: { 'AWS:EpochTime': inSeconds(seconds) } } }] }) };
  }

  /** "Policy=...&Signature=...&Key-Pair-Id=..." for all of @resource */
  query(resource, seconds) {
    const signed = getSignedUrl({
      url: 'http://127.0.0.1/', ...this.policy(resource, seconds),
    });
    return signed.slice(signed.indexOf('?') + 1);
  }

  /** The same as the header Cookie has it. */
  cookies(resource, seconds) {
    const cookies = getSignedCookies(this.policy(resource, seconds));
    return Object.entries(cookies).map((pair) => pair.join('=')).join('; ');
  }

  /** @url alone, by a canned policy */
  url(url, seconds) {
    return getSignedUrl({ url, ...this.signer,
      dateLessThan: new Date(inSeconds(seconds) * 1000) });
  }
}

/** What @url was before it was signed. */
export function unsigned(url) {
  const plain = new URL(url);
  for (const name of PARAMETERS) plain.searchParams.delete(name);
  return plain.href;
}

/** @url with @query, of any signature, in place of its own */
export function signedBy(url, query) {
  const plain = unsigned(url);
  return `${plain}${plain.includes('?') ? '&' : '?'}${query}`;
}

class SignedOrigin extends Origin {
  /** The resource of all that @account has of @event. */
  all(account, event = 'live') {
    return `${this.base}/out/v1/${account}/${event}/*`;
  }

  url(format, account, event = 'live') {
    return `${this.base}/out/v1/${account}/${event}/${MANIFESTS[format]}`;
  }

  /** Awaits @seconds of @account's live event, which @key signs for. */
  ready(key, account, seconds) {
    const query = key.query(this.all(account), 600);
    return until(`${seconds} s from ${this.base}`, async () => {
      this.child.assertRunning();
      const main = signedBy(this.url('mss', account), query);
      const text = await (await fetch(main)).text();
      // of one stream, by segments that are about as long as they should be
      const segments = text.split('</StreamIndex>')[0].split('<c ').length - 1;
      return segments * SEGMENT_NS / 1e9 >= seconds;
    }, (seconds + 40) * 1000);
  }
}

/** What goes into one ladder and from there to each of @accounts. */
function chain({ archive, accounts, event, sources, recording }) {
  const rungs = [0, 1];
  const parts = [`${sources.video} ! video/x-raw,width=320,height=180,
    framerate=30/1 ! ladder.video ${sources.audio} samplesperbuffer=480
    ! audio/x-raw,rate=48000 ! ladder.audio
    vsladder name=ladder speed-preset=superfast ladder=${LADDER}`];
  for (const rung of rungs) {
    parts.push(`ladder.src_${rung} ! tee name=rung${rung}`);
  }
  for (const account of accounts) {
    parts.push(`vssegmentstore name=${account} account=${account}
      event=${event} location=${archive} target-duration=${SEGMENT_NS}
      recording=${recording}`);
    for (const rung of rungs) {
      parts.push(`rung${rung}. ! queue ! ${account}.sink_${rung}`);
    }
  }
  return parts.join(' ').split(/\s+/);
}

/** @seconds as @event of each of @accounts, with recordings; not paced. */
export function recordEvent({ archive, accounts, event, seconds }) {
  return output('gst-launch-1.0', ['-e', ...chain({
    archive, accounts, event, recording: 'mp4',
    sources: {
      video: `videotestsrc horizontal-speed=2 num-buffers=${seconds * 30}`,
      audio: `audiotestsrc num-buffers=${seconds * 100}`,
    },
  })]);
}

/** vsjitpackager's properties for signed streams of @groups' accounts. */
function properties(bench, port, { archive, groups, children, log }) {
  return [`location=${archive}`, `port=${port}`, `access-log=${log}`,
    'hosts=127.0.0.1', 'signed-urls=required',
    `key-groups=${groups}`, `signed-children=${children}`,
    ...(children === 'cookies' ? [`cors-origins=${bench.pages}`] : [])];
}

/** A live event of each of @accounts; what it names is had by @children. */
export async function startSignedLive(bench, options) {
  const { archive, accounts } = options;
  const port = await freePort();
  const outputs = accounts.flatMap((account) => [
    `${account}.`, '!', 'origin.', `${account}.`, '!', 'origin.']);
  const child = bench.spawn('gst-launch-1.0', ['-e',
    'vsjitpackager', 'name=origin',
    ...properties(bench, port, options), ...chain({
      archive, accounts, event: 'live', recording: 'none',
      sources: {
        video: 'videotestsrc is-live=true horizontal-speed=2',
        audio: 'audiotestsrc is-live=true',
      },
    }), ...outputs]);
  return new SignedOrigin(child, port);
}

/** An origin over @archive, also of what is live there. */
export async function startSignedArchive(bench, options) {
  const port = await freePort();
  const child = bench.spawn('gst-launch-1.0', ['-e', 'vsjitpackager',
    ...properties(bench, port, options)]);
  return new SignedOrigin(child, port);
}
