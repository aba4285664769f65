// SPDX-License-Identifier: LGPL-2.1-or-later
// Ways to spoil an answer: its head, its text, its packets, its boxes.

import { Answer } from '../lib/http.mjs';
import { parse } from '../lib/boxes.mjs';
import { crc32, PACKET } from '../lib/ts.mjs';

/** A fault that is none: the test's own mistake, and no finding. */
function mistake(message) {
  return Object.assign(new Error(message), { isMistake: true });
}

/** Each returns a function (answer, round) -> answer, for those whose URL
 * matches. An edit that changes nothing is a mistake in the test. */
export function head(pattern, change) {
  return (answer) => {
    if (!pattern.test(answer.url)) return answer;
    const headers = { ...answer.headers };
    change(headers);
    return new Answer(answer.url, answer.status, headers, answer.raw);
  };
}

export function status(pattern, code) {
  return answer => (pattern.test(answer.url)
    ? new Answer(answer.url, code, answer.headers, Buffer.alloc(0)) : answer);
}

/** @from: the first round that is spoilt */
export function text(pattern, change, from = 0) {
  return (answer, round) => {
    if (!pattern.test(answer.url) || round < from) return answer;
    const changed = change(answer.text);
    if (changed === answer.text)
      throw mistake(`nothing to change in ${answer.url}`);
    return answer.with(changed);
  };
}

export const replace = (pattern, from, to, round) =>
  text(pattern, content => content.replace(from, to), round);

export function bytes(pattern, change) {
  return (answer) => {
    if (!pattern.test(answer.url)) return answer;
    const before = answer.body;
    const after = change(Buffer.from(before)) ?? before;
    if (after.equals(before))
      throw mistake(`nothing to change in ${answer.url}`);
    return answer.with(after);
  };
}

export const all = (...changes) => (answer, round) =>
  changes.reduce((result, change) => change(result, round), answer);

/** In place: @change (body of the @index-th box at @path) */
export function box(pattern, path, change, index = 0) {
  return bytes(pattern, (buffer) => {
    const found = parse(buffer).all(path)[index];
    if (!found) throw mistake(`no ${path}`);
    change(found.body, found);
    return buffer;
  });
}

function resize(buffer, root, path, by) {
  const names = path.split('.');
  for (let i = 1; i <= names.length; i++) {
    const { offset, size } = root.one(names.slice(0, i).join('.'));
    buffer.writeUInt32BE(size + by, offset);
  }
}

export function makeBox(type, body = Buffer.alloc(0)) {
  const out = Buffer.alloc(8 + body.length);
  out.writeUInt32BE(out.length, 0);
  out.write(type, 4, 'latin1');
  body.copy(out, 8);
  return out;
}

/** Another box at the end of the one at @path, '': of the file */
export function append(pattern, path, added) {
  return bytes(pattern, (buffer) => {
    if (path === '') return Buffer.concat([buffer, added]);
    const root = parse(buffer);
    const { offset, size } = root.one(path);
    resize(buffer, root, path, added.length);
    return Buffer.concat([buffer.subarray(0, offset + size), added,
      buffer.subarray(offset + size)]);
  });
}

/** In place: @change (packet, index) */
export function packets(pattern, change) {
  return bytes(pattern, (buffer) => {
    for (let at = 0; at + PACKET <= buffer.length; at += PACKET)
      change(buffer.subarray(at, at + PACKET), at / PACKET);
    return buffer;
  });
}

/** In place: the n-th occurrence of @from, or all when @n is null */
export function patch(pattern, from, to, n = 0) {
  return bytes(pattern, (buffer) => {
    let seen = 0;
    for (let at = buffer.indexOf(from); at !== -1;
      at = buffer.indexOf(from, at + 1)) {
      if (n === null || seen === n) to.copy(buffer, at);
      seen++;
    }
    return buffer;
  });
}

/** The PAT, at packet 0, with another program */
export function addProgram(packet) {
  const payload = packet[3] & 0x20 ? 5 + packet[4] : 4;
  const from = payload + 1 + packet[payload];
  const length = (packet[from + 1] & 15) << 8 | packet[from + 2];
  const end = from + 3 + length - 4;
  packet.writeUInt32BE(0x0002e100 | 0x0f, end);
  packet[from + 2] = length + 4;
  packet.writeUInt32BE(crc32(packet.subarray(from, end + 4)), end + 4);
}
