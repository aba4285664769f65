// SPDX-License-Identifier: LGPL-2.1-or-later
// Smooth Streaming: the manifest, and the fragments against it.

export const rules = {
  'mss-syntax': ['MS-SSTR 2.2.2', 'the manifest is well-formed'],
  'mss-version': ['MS-SSTR 2.2.2.1', 'version 2.0 or 2.2'],
  'mss-timescale': ['MS-SSTR 2.2.2.1', 'TimeScale is 10000000, or not given'],
  'mss-duration': ['MS-SSTR 2.2.2.1',
    'Duration: 0 live, else that of the longest stream'],
  'mss-live': ['MS-SSTR 2.2.2.1',
    'IsLive with LookAheadFragmentCount and DVRWindowLength, or none of them'],
  'mss-window': ['MS-SSTR 2.2.2.1',
    'a live list lasts no longer than DVRWindowLength'],
  'mss-stream': ['MS-SSTR 2.2.2.3',
    'Type and Url; Chunks and QualityLevels count what is there'],
  'mss-names': ['MS-SSTR 2.2.2.3, 2.2.2.4',
    'streams have names of their own: their fragments have nothing else'],
  'mss-picture-size': ['MS-SSTR 2.2.2.3',
    'MaxWidth and MaxHeight of a stream are those of its largest level'],
  'mss-bitrate': ['MS-SSTR 2.2.2.5',
    'Bitrate is there, and unique in its stream'],
  'mss-four-cc': ['MS-SSTR 2.2.2.5', 'FourCC is that of the codec'],
  'mss-private-data': ['MS-SSTR 2.2.2.5',
    "CodecPrivateData is the stream's, with its size or rate"],
  'mss-timeline': ['MS-SSTR 2.2.2.6',
    'c@t and c@d: chunks follow each other; live, after a break too'],
  'mss-audio-tag': ['MS-SSTR 2.2.2.5', 'AudioTag of AAC is 255'],
  'mss-fragment': ['MS-SSTR 2.2.4',
    'moof with mfhd and one traf, then mdat: no ftyp, no tables'],
  'mss-segment': ['MS-SSTR 2.2.4', 'fragments can be read to their end'],
  'mss-sequence': ['MS-SSTR 2.2.4.2', 'mfhd sequence numbers advance'],
  'mss-trun': ['MS-SSTR 2.2.4.7, 2.2.4.8', 'the samples fill the mdat'],
  'mss-tfxd': ['MS-SSTR 2.2.4.4', "tfxd is the manifest's time and duration"],
  'mss-tfrf': ['MS-SSTR 2.2.4.5', 'tfrf tells of the fragments that follow'],
  'mss-samples': ['MS-SSTR 2.2.4', "the samples last as long as tfxd says"],
  'mss-start-idr': ['MS-SSTR 2.2.2.6', 'fragments begin with a key picture'],
  'mss-sync-flags': ['MS-SSTR 2.2.4.9',
    'SampleIsDifferenceValue tells key pictures from others'],
  'mss-aligned': ['MS-SSTR 2.2.2.3',
    'picture and sound have their first chunk close together'],
};

const FOUR_CC = { h264: /^(H264|AVC1)$/, h265: /^(HVC1|HEV1)$/,
  aac: /^(AACL|AACH)$/, ac3: /^AC-3$/, eac3: /^EC-3$/ };
const AAC_TAG = 255;

function checkHead(report, manifest) {
  const { root, url, live } = manifest;
  report.check('mss-version', root.get('MajorVersion') === '2'
    && ['0', '2'].includes(root.get('MinorVersion')), url,
  `${root.get('MajorVersion')}.${root.get('MinorVersion')}`);
  report.check('mss-timescale', manifest.timescale === 10000000, url,
    `${manifest.timescale}`);
  const ends = manifest.streams.map(({ chunks, timescale }) => {
    const last = chunks.at(-1);
    return last ? (last.time + last.duration - chunks[0].time) / timescale : 0;
  });
  const longest = Math.max(0, ...ends) * manifest.timescale;
  report.check('mss-duration', live ? manifest.duration === 0
    : Math.abs(manifest.duration - longest) <= manifest.timescale / 4, url,
  `${manifest.duration}, the longest stream lasts ${longest}`);
  report.check('mss-live', live
    ? manifest.lookAhead > 0 && root.has('DVRWindowLength')
    : !root.has('LookAheadFragmentCount'), url,
  `IsLive ${root.get('IsLive')}, LookAheadFragmentCount `
    + `${root.get('LookAheadFragmentCount')}`);
}

function checkPictureSize(report, { element, type, levels }, where) {
  for (const [attribute, name] of [['MaxWidth', 'width'],
    ['MaxHeight', 'height']]) {
    if (!element.has(attribute)) continue;
    const largest = Math.max(...levels.map(level => level[name]));
    report.check('mss-picture-size', type === 'video'
      && Number(element.get(attribute)) === largest, where,
    `${attribute} ${element.get(attribute)}, the largest has ${largest}`);
  }
}

/** It may reach over the window by the chunk that the window begins in; what
 * is missing between two runs is not of it. */
function checkWindow(report, { live, window }, { chunks, timescale }, where) {
  if (!live || !window) return;
  const seconds = chunks.slice(1).reduce((sum, { duration }) =>
    sum + duration, 0) / timescale;
  report.check('mss-window', seconds <= window, where,
    `${seconds} s and a chunk in a window of ${window}`);
}

// s: the last frame of a run's sound may end after its last picture
const FRAME_OF_SOUND = 0.05;

function checkTimeline(report, { manifest, type, chunks, timescale }, where) {
  for (const { time, jump, duration } of chunks) {
    const follows = jump === 0 || (manifest.live && jump > 0)
      || (type === 'audio' && jump < 0 && -jump <= FRAME_OF_SOUND * timescale);
    report.check('mss-timeline', follows && duration > 0, where,
      `chunk at ${time}: ${jump} from where the last one ends`);
  }
}

function checkNames(report, { streams, url }) {
  const names = streams.map(({ name }) => name);
  const urls = streams.map(stream => stream.url);
  for (const list of [names, urls])
    report.check('mss-names', new Set(list).size === list.length, url,
      `${list}`);
}

function checkStream(report, manifest, stream) {
  const { element, levels, chunks, name } = stream;
  const where = `${manifest.url} ${name}`;
  const count = (attribute, n) => Number(element.get(attribute) ?? -1) === n
    || (manifest.live && element.get(attribute) === '0');
  report.check('mss-stream', ['video', 'audio', 'text'].includes(stream.type)
    && /\{bitrate\}/i.test(stream.url) && /\{start time\}/i.test(stream.url)
    && count('Chunks', chunks.length) && count('QualityLevels', levels.length),
  where, `Type ${stream.type}, Url ${stream.url}, Chunks `
    + `${element.get('Chunks')} of ${chunks.length}, QualityLevels `
    + `${element.get('QualityLevels')} of ${levels.length}`);
  checkPictureSize(report, stream, where);
  checkWindow(report, manifest, stream, where);
  const rates = levels.map(({ bitrate }) => bitrate);
  report.check('mss-bitrate', rates.every(rate => rate > 0)
    && new Set(rates).size === rates.length, where, `${rates}`);
  checkTimeline(report, stream, where);
  for (const { fourCC, audioTag } of levels)
    if (fourCC.startsWith('AAC') && audioTag !== null)
      report.check('mss-audio-tag', audioTag === AAC_TAG, where,
        `${audioTag}`);
}

function checkLevel(report, level, where) {
  const { stream, config, fourCC } = level;
  report.check('mss-private-data', !level.fault, where, level.fault ?? '');
  if (!config) return;
  report.check('mss-four-cc', FOUR_CC[config.codec].test(fourCC), where,
    `${fourCC} for ${config.codec}`);
  report.check('mss-private-data', stream.type === 'video'
    ? level.width === config.width && level.height === config.height
    : level.rate === config.rate && level.channels === config.channels, where,
  () => `says ${JSON.stringify(config)}`);
}

function checkBoxes(report, url, { root, fragments }) {
  const order = root.boxes.map(({ type }) => type).join(' ');
  const inside = fragments[0].moof.boxes.map(({ type }) => type).join(' ');
  report.check('mss-fragment', order === 'moof mdat' && inside === 'mfhd traf',
    url, `${order}; in moof ${inside}`);
}

function checkSamples(report, url, { main, fragments }, type) {
  const [{ traf, mdat }] = fragments;
  const truns = traf.all('trun');
  const body = mdat && mdat.offset + mdat.size - mdat.body.length;
  report.check('mss-trun', truns.length === 1 && truns[0].from === body
    && truns[0].to === mdat.offset + mdat.size, url,
  () => `samples in ${truns[0]?.from} to ${truns[0]?.to}, mdat in ${body} to `
    + `${mdat && mdat.offset + mdat.size}`);
  if (type !== 'video') return;
  const wrong = main.samples.findIndex(({ sync, key }, i) => i > 0
    && sync !== key);
  report.check('mss-sync-flags', wrong === -1, url,
    () => `sample ${wrong}: flag ${main.samples[wrong].sync}, key picture `
      + `${main.samples[wrong].key}`);
}

/** @before: (nullable): the fragment ahead of it */
function checkSequence(report, { url, media }, before) {
  const [own, last] = [media, before?.media].map(one =>
    one?.fragments[0].moof.one('mfhd')?.sequence);
  report.check('mss-sequence', own !== undefined
    && (last === undefined || own > last), url, `${own} after ${last}`);
}

// of times that were scaled to 10 MHz, in its ticks
const TIME_TOLERANCE = 20000;

function checkFragment(report, level, i) {
  const { url, media, chunk } = level.fragments[i];
  const { stream } = level;
  const [{ traf }] = media.fragments;
  checkBoxes(report, url, media);
  checkSamples(report, url, media, stream.type);
  const [own] = traf.one('tfxd')?.entries ?? [];
  if (stream.manifest.live || own)
    report.check('mss-tfxd', own && own.time === chunk.time
      && Math.abs(own.duration - chunk.duration) <= 1, url,
    () => `${JSON.stringify(own)}, the manifest ${JSON.stringify(chunk)}`);
  const length = media.main.samples.reduce((sum, { duration }) =>
    sum + duration, 0);
  report.check('mss-samples', Math.abs(length - chunk.duration)
    <= TIME_TOLERANCE, url, `${length} for ${chunk.duration}`);
  if (stream.type === 'video')
    report.check('mss-start-idr', media.main.samples[0].key, url,
      'no key picture');
  checkFollowing(report, level, i, traf.one('tfrf')?.entries);
}

function checkFollowing(report, level, i, entries) {
  const { manifest } = level.stream;
  const { url } = level.fragments[i];
  if (manifest.live)
    report.check('mss-tfrf', entries
      && entries.length === manifest.lookAhead, url,
    `${entries?.length ?? 'no'} entries of ${manifest.lookAhead}`);
  entries?.forEach((entry, k) => {
    const next = level.stream.chunks[i + 1 + k];
    report.check('mss-tfrf', !next || (entry.time === next.time
      && Math.abs(entry.duration - next.duration) <= 1), url,
    () => `${JSON.stringify(entry)}, the manifest ${JSON.stringify(next)}`);
  });
}

function checkStart(report, manifest) {
  const first = type => manifest.streams.find(one => one.type === type
    && one.chunks.length > 0);
  const [video, audio] = [first('video'), first('audio')];
  if (!video || !audio) return;
  const offset = audio.chunks[0].time / audio.timescale
    - video.chunks[0].time / video.timescale;
  report.check('mss-aligned', Math.abs(offset) <= 0.1, manifest.url,
    `sound begins ${offset.toFixed(3)} s after the picture`);
}

export function checkSmooth(report, manifest) {
  checkHead(report, manifest);
  checkStart(report, manifest);
  checkNames(report, manifest);
  for (const stream of manifest.streams) {
    checkStream(report, manifest, stream);
    for (const level of stream.levels) {
      checkLevel(report, level,
        `${manifest.url} ${stream.name} ${level.bitrate}`);
      level.fragments.forEach((fragment, i) => {
        if (!fragment.media) return;
        checkFragment(report, level, i);
        checkSequence(report, fragment, level.fragments[i - 1]);
      });
    }
  }
}
