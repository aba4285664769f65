// SPDX-License-Identifier: LGPL-2.1-or-later
// Bit by bit through a NAL unit's payload or an AudioSpecificConfig.

export class Bits {
  constructor(bytes) {
    this.bytes = bytes;
    this.position = 0;
  }

  get left() {
    return this.bytes.length * 8 - this.position;
  }

  bit() {
    if (this.left < 1) throw new Error('bits end early');
    const byte = this.bytes[this.position >> 3];
    return (byte >> (7 - (this.position++ & 7))) & 1;
  }

  read(count) {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  skip(count) {
    if (this.left < count) throw new Error('bits end early');
    this.position += count;
  }

  /** ue(v), ITU-T H.264 9.1 */
  ue() {
    let zeros = 0;
    while (this.bit() === 0) {
      if (++zeros > 32) throw new Error('ue(v) is too long');
    }
    return 2 ** zeros - 1 + this.read(zeros);
  }

  se() {
    const value = this.ue();
    return value & 1 ? (value + 1) / 2 : -value / 2;
  }
}

/** Without the emulation prevention bytes, ITU-T H.264 7.4.1 */
export function unescape(nal) {
  const out = [];
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
    } else {
      zeros = byte === 0 ? zeros + 1 : 0;
      out.push(byte);
    }
  }
  return Uint8Array.from(out);
}
