// SPDX-License-Identifier: LGPL-2.1-or-later
// What became of each rule.

const KEPT = 3;

export class Report {
  /** @rules: id -> [clause, what it demands] */
  constructor(rules) {
    this.rules = rules;
    this.results = new Map();
  }

  result(id) {
    if (!(id in this.rules)) throw new Error(`no rule '${id}'`);
    if (!this.results.has(id))
      this.results.set(id, { passed: 0, failed: 0, faults: [] });
    return this.results.get(id);
  }

  /** @where: what was looked at; @what: what is wrong with it, or a function
   * that says so. Returns @held. */
  check(id, held, where, what = '') {
    const result = this.result(id);
    if (held) {
      result.passed++;
    } else {
      result.failed++;
      if (result.faults.length < KEPT) {
        const text = typeof what === 'function' ? what() : what;
        result.faults.push(text ? `${where}: ${text}` : String(where));
      }
    }
    return Boolean(held);
  }

  /** Runs @read; what it throws is a breach of @id. */
  attempt(id, where, read) {
    try {
      const value = read();
      this.check(id, true);
      return value;
    } catch (error) {
      this.check(id, false, where, error.message);
      return null;
    }
  }

  state(id) {
    const result = this.results.get(id);
    if (!result) return 'n/a';
    return result.failed > 0 ? 'FAIL' : 'ok';
  }

  get failures() {
    return Object.keys(this.rules).filter(id => this.state(id) === 'FAIL');
  }

  lines(prefixes) {
    return Object.entries(this.rules)
      .filter(([id]) => prefixes.some(prefix => id.startsWith(`${prefix}-`)))
      .map(([id, [clause, text]]) => ({ id, clause, text,
        state: this.state(id), ...this.results.get(id) }));
  }
}

export function format({ state, clause, id, text, failed, faults }) {
  const line = `${state.padEnd(4)}  ${clause}  ${id}: ${text}`;
  if (state !== 'FAIL') return line;
  const more = failed > faults.length
    ? ` (and ${failed - faults.length} more)` : '';
  return `${line}  [${faults.join('; ')}${more}]`;
}

export function formatTap({ state, clause, id, text, failed, faults }, number) {
  const name = `${number} - ${clause} ${id}: ${text}`.replaceAll('#', '\\#');
  if (state === 'n/a') return `ok ${name} # SKIP nothing it applies to`;
  if (state === 'ok') return `ok ${name}`;
  const more = failed > faults.length
    ? [`# and ${failed - faults.length} more`] : [];
  return [`not ok ${name}`, ...faults.map(fault =>
    `# ${fault.replaceAll('\n', ' ')}`), ...more].join('\n');
}
