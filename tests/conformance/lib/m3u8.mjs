// SPDX-License-Identifier: LGPL-2.1-or-later
// Playlists (RFC 8216bis 4), read strictly: what is not in order is listed in
// `faults`.

const ATTRIBUTE = /^([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s][^,]*)(?:,|$)/;

function readAttributes(text, faults) {
  const attributes = {};
  for (let rest = text; rest !== '';) {
    const match = ATTRIBUTE.exec(rest);
    if (!match) {
      faults.push(`attributes at '${rest.slice(0, 40)}'`);
      break;
    }
    const [whole, name, value] = match;
    if (name in attributes) faults.push(`${name} stands twice`);
    attributes[name] = { quoted: value.startsWith('"'),
      value: value.startsWith('"') ? value.slice(1, -1) : value };
    rest = rest.slice(whole.length);
    if (rest === '' && whole.endsWith(',')) faults.push('a trailing comma');
  }
  return attributes;
}

// name -> how its value is written (4.2)
const KINDS = {
  BANDWIDTH: 'integer', 'AVERAGE-BANDWIDTH': 'integer', CODECS: 'quoted',
  RESOLUTION: 'resolution', 'FRAME-RATE': 'float', AUDIO: 'quoted',
  VIDEO: 'quoted', SUBTITLES: 'quoted', 'VIDEO-RANGE': 'word', TYPE: 'word',
  'GROUP-ID': 'quoted', NAME: 'quoted', LANGUAGE: 'quoted', URI: 'quoted',
  DEFAULT: 'word', AUTOSELECT: 'word', FORCED: 'word', CHANNELS: 'quoted',
  'INSTREAM-ID': 'quoted', CHARACTERISTICS: 'quoted', BYTERANGE: 'quoted',
  SCORE: 'float',
};
const FORMS = {
  integer: /^\d{1,20}$/, float: /^\d+(\.\d+)?$/, resolution: /^\d+x\d+$/,
  word: /^[^\s",]+$/,
};

function checkKinds(tag, attributes, faults) {
  for (const [name, { value, quoted }] of Object.entries(attributes)) {
    const kind = KINDS[name];
    if (!kind) continue;
    const right = kind === 'quoted' ? quoted
      : !quoted && FORMS[kind].test(value);
    if (!right) faults.push(`${tag}: ${name}=${value} is no ${kind}`);
  }
}

// tag -> its attributes that must be there
const LISTS = {
  'EXT-X-STREAM-INF': ['BANDWIDTH'], 'EXT-X-MAP': ['URI'],
  'EXT-X-MEDIA': ['TYPE', 'GROUP-ID', 'NAME'], 'EXT-X-KEY': ['METHOD'],
  'EXT-X-I-FRAME-STREAM-INF': ['BANDWIDTH', 'URI'],
  'EXT-X-START': ['TIME-OFFSET'], 'EXT-X-DATERANGE': ['ID'],
  'EXT-X-SESSION-DATA': ['DATA-ID'], 'EXT-X-SESSION-KEY': ['METHOD'],
  'EXT-X-PART-INF': ['PART-TARGET'], 'EXT-X-SERVER-CONTROL': [],
};
const MAIN_TAGS = new Set(['EXT-X-STREAM-INF', 'EXT-X-MEDIA',
  'EXT-X-I-FRAME-STREAM-INF', 'EXT-X-SESSION-DATA', 'EXT-X-SESSION-KEY']);
const MEDIA_TAGS = new Set(['EXTINF', 'EXT-X-TARGETDURATION',
  'EXT-X-MEDIA-SEQUENCE', 'EXT-X-DISCONTINUITY-SEQUENCE',
  'EXT-X-DISCONTINUITY', 'EXT-X-ENDLIST', 'EXT-X-PLAYLIST-TYPE', 'EXT-X-MAP',
  'EXT-X-PROGRAM-DATE-TIME', 'EXT-X-KEY', 'EXT-X-BYTERANGE', 'EXT-X-GAP',
  'EXT-X-I-FRAMES-ONLY']);
const ONCE = ['EXT-X-VERSION', 'EXT-X-TARGETDURATION', 'EXT-X-MEDIA-SEQUENCE',
  'EXT-X-DISCONTINUITY-SEQUENCE', 'EXT-X-ENDLIST', 'EXT-X-PLAYLIST-TYPE',
  'EXT-X-INDEPENDENT-SEGMENTS', 'EXT-X-START'];

function readLines(text, faults) {
  const lines = text.split(/\r?\n/);
  if (lines[0] !== '#EXTM3U') faults.push('the first line is not #EXTM3U');
  return lines.map((line, i) => {
    const number = i + 1;
    if (line === '' || (line.startsWith('#') && !line.startsWith('#EXT')))
      return null;
    if (!line.startsWith('#')) return { number, uri: line };
    const [, tag, , value = ''] = /^#([A-Z0-9-]+)(:(.*))?$/.exec(line) ?? [];
    if (!tag) {
      faults.push(`line ${number}: '${line}'`);
      return null;
    }
    const entry = { number, tag, value };
    if (tag in LISTS) {
      entry.attributes = readAttributes(value, faults);
      checkKinds(tag, entry.attributes, faults);
      for (const name of LISTS[tag])
        if (!(name in entry.attributes))
          faults.push(`line ${number}: ${tag} without ${name}`);
    }
    return entry;
  }).filter(line => line);
}

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/;

const segmentTags = {
  EXTINF(next, { value }, list) {
    const [, duration] = /^(\d+(?:\.\d+)?),/.exec(value) ?? [];
    if (duration === undefined) list.faults.push(`EXTINF:${value}`);
    next.extinf = duration ?? '0';
    next.duration = Number(duration ?? 0);
  },
  'EXT-X-DISCONTINUITY'(next, line, list) {
    next.discontinuity = true;
    list.discontinuities++;
  },
  'EXT-X-PROGRAM-DATE-TIME'(next, { value }, list) {
    if (!DATE.test(value)) list.faults.push(`date '${value}'`);
    next.date = Date.parse(value);
  },
  'EXT-X-GAP'(next) {
    next.gap = true;
  },
  'EXT-X-BYTERANGE'(next, { value }, list) {
    if (!/^\d+(@\d+)?$/.test(value)) list.faults.push(`BYTERANGE:${value}`);
    next.byterange = value;
  },
  'EXT-X-MAP'(next, { attributes }, list) {
    list.map = attributes.URI && new URL(attributes.URI.value, list.url).href;
    next.newMap = true;
  },
  'EXT-X-KEY'(next, { attributes }, list) {
    list.key = attributes.METHOD?.value === 'NONE' ? null : attributes;
  },
};

function number(list, tag) {
  const [line] = list.tags(tag);
  if (!line) return null;
  if (!/^\d+$/.test(line.value)) {
    list.faults.push(`${tag}:${line.value} is no integer`);
    return null;
  }
  return Number(line.value);
}

function readMedia(list) {
  list.discontinuities = 0;
  list.segments = [];
  let next = {};
  for (const line of list.lines) {
    segmentTags[line.tag]?.(next, line, list);
    if (!line.uri) continue;
    if (next.extinf === undefined)
      list.faults.push(`line ${line.number}: a segment without EXTINF`);
    list.segments.push({ ...next, uri: line.uri, map: list.map ?? null,
      key: list.key ?? null, url: new URL(line.uri, list.url).href,
      sequence: (list.mediaSequence ?? 0) + list.segments.length,
      discontinuitySequence: (list.discontinuitySequence ?? 0)
        + list.discontinuities });
    next = {};
  }
  const firstSegment = list.lines.find(({ uri }) => uri)?.number ?? Infinity;
  for (const tag of ['EXT-X-MEDIA-SEQUENCE', 'EXT-X-DISCONTINUITY-SEQUENCE'])
    if (list.tags(tag).some(line => line.number > firstSegment))
      list.faults.push(`${tag} after the first segment`);
}

function readMain(list) {
  list.media = list.tags('EXT-X-MEDIA').map(({ attributes }) => attributes);
  list.variants = [];
  list.lines.forEach((line, i) => {
    if (line.tag !== 'EXT-X-STREAM-INF') return;
    const uri = list.lines[i + 1]?.uri;
    if (uri) list.variants.push({ attributes: line.attributes, uri,
      url: new URL(uri, list.url).href });
    else list.faults.push(`line ${line.number}: no URI follows`);
  });
}

export function parse(text, url) {
  const list = { url, text, faults: [] };
  if (text.startsWith('\ufeff')) list.faults.push('a byte order mark');
  if (/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f]/.test(text))
    list.faults.push('control characters');
  list.lines = readLines(text, list.faults);
  list.tags = tag => list.lines.filter(line => line.tag === tag);
  const isMain = list.lines.some(({ tag }) => MAIN_TAGS.has(tag));
  if (isMain && list.lines.some(({ tag }) => MEDIA_TAGS.has(tag)))
    list.faults.push('tags of main and of media playlists');
  for (const tag of ONCE)
    if (list.tags(tag).length > 1) list.faults.push(`${tag} stands twice`);
  list.kind = isMain ? 'main' : 'media';
  list.version = number(list, 'EXT-X-VERSION') ?? 1;
  list.independent = list.tags('EXT-X-INDEPENDENT-SEGMENTS').length > 0;
  list.target = number(list, 'EXT-X-TARGETDURATION');
  list.mediaSequence = number(list, 'EXT-X-MEDIA-SEQUENCE');
  list.discontinuitySequence = number(list, 'EXT-X-DISCONTINUITY-SEQUENCE');
  list.playlistType = list.tags('EXT-X-PLAYLIST-TYPE')[0]?.value ?? null;
  list.ended = list.tags('EXT-X-ENDLIST').length > 0;
  (isMain ? readMain : readMedia)(list);
  return list;
}
