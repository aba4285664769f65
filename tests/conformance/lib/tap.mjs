// SPDX-License-Identifier: LGPL-2.1-or-later
// The Test Anything Protocol, as tests/run counts it.

export class Tap {
  constructor() {
    this.number = 0;
    this.failed = 0;
  }

  /** @complaints: none is a pass */
  result(name, complaints) {
    const line = `${++this.number} - ${name}`;
    if (complaints.length === 0) {
      console.log(`ok ${line}`);
      return;
    }
    this.failed++;
    console.log(`not ok ${line}`);
    for (const complaint of complaints)
      console.log(`# ${String(complaint).replaceAll('\n', '\n# ')}`);
  }

  skip(name, why) {
    console.log(`ok ${++this.number} - ${name} # SKIP ${why}`);
  }

  end() {
    console.log(`1..${this.number}`);
    return this.failed === 0 ? 0 : 1;
  }
}
