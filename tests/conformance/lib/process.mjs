// SPDX-License-Identifier: LGPL-2.1-or-later
// The programs that the tests run, and end with them.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const folder = mkdtempSync(join(tmpdir(), 'vs-conformance-'));
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => process.exit(1));

export function run(command, args, options = {}) {
  return execFileSync(command, args, { cwd: folder, encoding: 'utf8',
    maxBuffer: 1 << 26, timeout: 120000, stdio: ['ignore', 'pipe', 'pipe'],
    ...options });
}

export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** gst-launch-1.0 with @line until stop () */
export function launch(line) {
  const child = spawn('gst-launch-1.0', ['-q', '-e',
    ...line.trim().split(/\s+/)], { cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'] });
  children.add(child);
  child.complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    child.complaint = (child.complaint + text).slice(-2000);
  });
  child.ended = once(child, 'exit').then(() => children.delete(child));
  child.stop = () => {
    child.kill('SIGINT');
    return child.ended;
  };
  return child;
}

/** Until @test returns something true */
export async function until(what, test, seconds, child) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (child && child.exitCode !== null)
      throw new Error(`${what}: it ended: ${child.complaint}`);
    const value = await Promise.resolve(test()).catch(() => null);
    if (value) return value;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  throw new Error(`${what}: not within ${seconds} s`);
}
