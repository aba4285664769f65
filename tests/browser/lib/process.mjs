// SPDX-License-Identifier: LGPL-2.1-or-later
// Child processes, ports and conditions.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';

export const sleep = (ms) => new Promise((resolve) => {
  setTimeout(resolve, ms);
});

export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Awaits until @check returns something true, and returns that. */
export async function until(what, check, timeoutMs = 30000) {
  const end = Date.now() + timeoutMs;
  let last;
  while (Date.now() < end) {
    try {
      const value = await check();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error(`timed out after ${timeoutMs / 1000} s: ${what}`
    + (last ? ` (${last.message})` : ''));
}

/** A child whose output is kept, so that a failure can show it. */
export class Child {
  constructor(command, args, options = {}) {
    this.name = command.split('/').at(-1);
    this.output = '';
    this.child = spawn(command, args,
      { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output = (this.output + text).slice(-20000);
      });
    }
    this.exit = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.output += error.message;
        resolve({ code: 127, signal: null });
      });
      this.child.once('exit', (code, signal) => resolve({ code, signal }));
    });
  }

  get running() {
    return this.child.pid && this.child.exitCode === null
      && this.child.signalCode === null;
  }

  assertRunning() {
    if (!this.running) {
      throw new Error(`${this.name} ended early:\n${this.tail()}`);
    }
  }

  tail(lines = 15) {
    return this.output.trim().split('\n').slice(-lines).join('\n');
  }

  /** Ends it by @signal, at last by force; resolves to {code, signal}. */
  async stop(signal = 'SIGINT', timeoutMs = 25000) {
    if (!this.running) return this.exit;
    this.child.kill(signal);
    const force = setTimeout(() => this.child.kill('SIGKILL'), timeoutMs);
    const status = await this.exit;
    clearTimeout(force);
    return status;
  }
}

/** Runs to the end; resolves to its standard output, or throws. */
export async function output(command, args, options = {}) {
  const child = spawn(command, args,
    { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const chunks = [];
  let complaint = '';
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaint = (complaint + text).slice(-4000);
  });
  const [code] = await once(child, 'close');
  if (code !== 0) {
    throw new Error(`${command} ended with ${code}: ${complaint.trim()}`);
  }
  return Buffer.concat(chunks);
}
