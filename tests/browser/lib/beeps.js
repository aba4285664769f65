// SPDX-License-Identifier: LGPL-2.1-or-later
// An AudioWorklet that posts the context time of each beep's first sample.
const LOUD = 0.1;
const QUIET_S = 0.5;

class Beeps extends AudioWorkletProcessor {
  constructor() {
    super();
    this.last = -Infinity;
  }

  process([input]) {
    const samples = input[0] ?? [];
    for (let i = 0; i < samples.length; i += 1) {
      if (Math.abs(samples[i]) > LOUD) {
        const time = currentTime + i / sampleRate;
        if (time - this.last > QUIET_S) this.port.postMessage(time);
        this.last = time;
      }
    }
    return true;
  }
}

registerProcessor('beeps', Beeps);
