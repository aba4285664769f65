// SPDX-License-Identifier: LGPL-2.1-or-later
// ISO base media file format (ISO/IEC 14496-12): the boxes of an init segment
// or a fragment, with the fields that the rules ask for.

const CONTAINERS = new Set(['moov', 'trak', 'edts', 'mdia', 'minf', 'dinf',
  'stbl', 'mvex', 'moof', 'traf']);

export const FLAG_NON_SYNC = 0x10000;
const TFHD_BASE_OFFSET = 1;
const TFHD_DEFAULT_BASE_IS_MOOF = 0x20000;

class Fields {
  constructor(body) {
    this.body = body;
    this.at = 0;
  }

  uint(size) {
    if (this.at + size > this.body.length) throw new Error('box ends early');
    const value = size === 8 ? Number(this.body.readBigUInt64BE(this.at))
      : this.body.readUIntBE(this.at, size);
    this.at += size;
    return value;
  }

  int32() {
    return this.uint(4) | 0;
  }

  text(size) {
    return String.fromCharCode(...this.take(size));
  }

  take(size) {
    if (this.at + size > this.body.length) throw new Error('box ends early');
    this.at += size;
    return this.body.subarray(this.at - size, this.at);
  }

  fullBox(box) {
    box.version = this.uint(1);
    box.flags = this.uint(3);
    return box.version === 1 ? 8 : 4;
  }
}

const readCount = (f, box) => {
  f.fullBox(box);
  box.count = f.uint(4);
};

function readBrands(f, box) {
  box.brand = f.text(4);
  f.take(4);
  box.brands = [];
  while (f.at < f.body.length) box.brands.push(f.text(4));
}

function readTrun(f, box) {
  f.fullBox(box);
  const count = f.uint(4);
  if (box.flags & 1) box.dataOffset = f.int32();
  if (box.flags & 4) box.firstFlags = f.uint(4);
  box.samples = [];
  for (let i = 0; i < count; i++) {
    const sample = {};
    if (box.flags & 0x100) sample.duration = f.uint(4);
    if (box.flags & 0x200) sample.size = f.uint(4);
    if (box.flags & 0x400) sample.flags = f.uint(4);
    if (box.flags & 0x800)
      sample.offset = box.version === 0 ? f.uint(4) : f.int32();
    box.samples.push(sample);
  }
}

function readTfhd(f, box) {
  f.fullBox(box);
  box.baseIsMoof = Boolean(box.flags & TFHD_DEFAULT_BASE_IS_MOOF);
  box.hasBaseOffset = Boolean(box.flags & TFHD_BASE_OFFSET);
  box.trackId = f.uint(4);
  if (box.hasBaseOffset) f.take(8);
  if (box.flags & 2) box.description = f.uint(4);
  if (box.flags & 8) box.duration = f.uint(4);
  if (box.flags & 0x10) box.size = f.uint(4);
  if (box.flags & 0x20) box.sampleFlags = f.uint(4);
}

function readElst(f, box) {
  const size = f.fullBox(box);
  const count = f.uint(4);
  box.entries = [];
  for (let i = 0; i < count; i++) {
    const entry = { duration: f.uint(size) };
    entry.time = size === 8 ? Number(f.take(8).readBigInt64BE(0)) : f.int32();
    entry.rate = f.uint(2);
    f.take(2);
    box.entries.push(entry);
  }
}

/** An MPEG-4 descriptor's length, ISO/IEC 14496-1 8.3.3 */
function readDescriptor(f) {
  const tag = f.uint(1);
  let size = 0;
  let byte;
  do {
    byte = f.uint(1);
    size = size * 128 + (byte & 127);
  } while (byte & 128);
  return { tag, size };
}

function readEsds(f, box) {
  f.fullBox(box);
  readDescriptor(f);
  box.esId = f.uint(2);
  const flags = f.uint(1);
  f.take((flags & 0x80 ? 2 : 0) + (flags & 0x20 ? 2 : 0));
  readDescriptor(f);
  box.objectType = f.uint(1);
  f.take(12);
  box.config = f.take(readDescriptor(f).size);
}

function readAvcc(f, box) {
  f.take(4);
  box.lengthSize = (f.uint(1) & 3) + 1;
  box.sps = [];
  box.pps = [];
  for (let n = f.uint(1) & 31; n > 0; n--) box.sps.push(f.take(f.uint(2)));
  for (let n = f.uint(1); n > 0; n--) box.pps.push(f.take(f.uint(2)));
}

function readHvcc(f, box) {
  f.take(21);
  box.lengthSize = (f.uint(1) & 3) + 1;
  box.vps = [];
  box.sps = [];
  box.pps = [];
  const lists = { 32: box.vps, 33: box.sps, 34: box.pps };
  for (let arrays = f.uint(1); arrays > 0; arrays--) {
    const type = f.uint(1) & 63;
    for (let n = f.uint(2); n > 0; n--) {
      const nal = f.take(f.uint(2));
      lists[type]?.push(nal);
    }
  }
}

function readVisual(f, box) {
  f.take(24);
  box.width = f.uint(2);
  box.height = f.uint(2);
  f.take(50);
  box.boxes = readBoxes(f.body, f.at, box.bodyAt);
}

function readAudio(f, box) {
  f.take(16);
  box.channels = f.uint(2);
  f.take(6);
  box.rate = f.uint(2);
  f.take(2);
  box.boxes = readBoxes(f.body, f.at, box.bodyAt);
}

// [MS-SSTR] 2.2.4.4, 2.2.4.5
const TFXD = '6d1d9b0542d544e680e2141daff757b2';
const TFRF = 'd4807ef2ca3946958e5426cb9e46a79f';

function readUuid(f, box) {
  box.uuid = f.take(16).toString('hex');
  if (box.uuid !== TFXD && box.uuid !== TFRF) return;
  box.type = box.uuid === TFXD ? 'tfxd' : 'tfrf';
  const size = f.fullBox(box);
  box.entries = [];
  for (let n = box.type === 'tfxd' ? 1 : f.uint(1); n > 0; n--)
    box.entries.push({ time: f.uint(size), duration: f.uint(size) });
}

const readers = {
  ftyp: readBrands, styp: readBrands, trun: readTrun, tfhd: readTfhd,
  elst: readElst, esds: readEsds, avcC: readAvcc, hvcC: readHvcc,
  avc1: readVisual, avc3: readVisual, hvc1: readVisual, hev1: readVisual,
  mp4a: readAudio, 'ac-3': readAudio, 'ec-3': readAudio, uuid: readUuid,
  stts: readCount, stsc: readCount, stco: readCount, co64: readCount,
  stsz(f, box) {
    f.fullBox(box);
    box.size = f.uint(4);
    box.count = f.uint(4);
  },
  stsd(f, box) {
    readCount(f, box);
    box.boxes = readBoxes(f.body, f.at, box.bodyAt);
  },
  mvhd(f, box) {
    const size = f.fullBox(box);
    f.take(size * 2);
    box.timescale = f.uint(4);
    box.duration = f.uint(size);
  },
  tkhd(f, box) {
    const size = f.fullBox(box);
    f.take(size * 2);
    box.trackId = f.uint(4);
    f.take(4);
    box.duration = f.uint(size);
    f.take(52);
    box.width = f.uint(4) / 65536;
    box.height = f.uint(4) / 65536;
  },
  mdhd(f, box) {
    const size = f.fullBox(box);
    f.take(size * 2);
    box.timescale = f.uint(4);
    box.duration = f.uint(size);
  },
  hdlr(f, box) {
    f.fullBox(box);
    f.take(4);
    box.handler = f.text(4);
  },
  trex(f, box) {
    f.fullBox(box);
    for (const name of ['trackId', 'description', 'duration', 'size',
      'sampleFlags'])
      box[name] = f.uint(4);
  },
  mfhd(f, box) {
    f.fullBox(box);
    box.sequence = f.uint(4);
  },
  tfdt(f, box) {
    box.time = f.uint(f.fullBox(box));
  },
};

export class Box {
  constructor(type, offset, size, body, bodyAt) {
    Object.assign(this, { type, offset, size, body, bodyAt, boxes: [] });
  }

  all(path) {
    const [head, ...rest] = path.split('.');
    const found = this.boxes.filter(box => box.type === head);
    return rest.length ? found.flatMap(box => box.all(rest.join('.'))) : found;
  }

  one(path) {
    return this.all(path)[0] ?? null;
  }
}

/** Offsets are from the start of the file. */
function readBoxes(bytes, from, base) {
  const boxes = [];
  for (let at = from; at < bytes.length;) {
    if (at + 8 > bytes.length) throw new Error('box header cut off');
    let size = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const head = size === 1 ? 16 : 8;
    if (size === 1) size = Number(bytes.readBigUInt64BE(at + 8));
    if (size < head || at + size > bytes.length)
      throw new Error(`box '${type}' of ${size} bytes at ${base + at}`);
    const box = new Box(type, base + at, size,
      bytes.subarray(at + head, at + size), base + at + head);
    if (CONTAINERS.has(type)) box.boxes = readBoxes(box.body, 0, box.bodyAt);
    else readers[type]?.(new Fields(box.body), box);
    boxes.push(box);
    at += size;
  }
  return boxes;
}

export function parse(bytes) {
  const root = new Box('', 0, bytes.length, bytes, 0);
  root.boxes = readBoxes(bytes, 0, 0);
  return root;
}
