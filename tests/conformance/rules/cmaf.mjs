// SPDX-License-Identifier: LGPL-2.1-or-later
// CMAF tracks: headers, fragments, and the sets that players switch in.

export const rules = {
  'cmaf-brands': ['ISO/IEC 23000-19 7.2', 'ftyp comes first, with cmfc or cmf2'],
  'cmaf-header': ['ISO/IEC 23000-19 7.3.1', 'one moov, one track'],
  'cmaf-empty-tables': ['ISO/IEC 23000-19 7.3.1',
    'no samples in the header: empty stts, stsc, stsz and stco'],
  'cmaf-mvex': ['ISO/IEC 23000-19 7.3.1', "mvex with the track's trex"],
  'cmaf-durations': ['ISO/IEC 23000-19 7.5, DASH-IF conformance',
    'mvhd, tkhd and mdhd have no duration'],
  'cmaf-edit-list': ['ISO/IEC 23000-19 7.5',
    'no edit list in cmf2, else one that only moves the start'],
  'cmaf-sample-entry': ['ISO/IEC 23000-19 9.4.1, 10.3',
    'avc1 or hvc1 with parameter sets; its size is the SPS\'s'],
  'cmaf-es-id': ['ISO/IEC 14496-14 3.1.2, DASH-IF conformance', 'ES_ID is 0'],
  'cmaf-fragment': ['ISO/IEC 23000-19 7.3.2',
    'styp, prft, emsg, then moof with one traf, then its mdat'],
  'cmaf-tfhd': ['ISO/IEC 23000-19 7.5',
    'default-base-is-moof, no base-data-offset, the header\'s track'],
  'cmaf-tfdt': ['ISO/IEC 23000-19 7.5',
    'tfdt always; a fragment begins where the last one ends'],
  'cmaf-trun': ['ISO/IEC 23000-19 7.5',
    'the samples fill the mdat; version 1 in cmf2'],
  'cmaf-sequence': ['ISO/IEC 14496-12 8.8.5',
    'mfhd sequence numbers advance'],
  'cmaf-sap': ['ISO/IEC 23000-19 7.3.2.3',
    'a fragment begins with a sync sample'],
  'cmaf-sync-flags': ['ISO/IEC 14496-12 8.8.3.1',
    'sample flags tell key pictures from others'],
  'cmaf-switching-set': ['ISO/IEC 23000-19 7.3.4',
    'tracks to switch between: one timescale and codec, the same times'],
};

const COMMON_BRANDS = ['cmfc', 'cmf2'];

function checkBrands(report, { root, url }) {
  const [first] = root.boxes;
  report.check('cmaf-brands', first.type === 'ftyp'
    && [first.brand, ...first.brands].some(brand =>
      COMMON_BRANDS.includes(brand)), url,
  () => `'${first.type}' first, ${first.brand} ${first.brands}`);
}

function checkStructure(report, { root, trak, trex, trackId, url }) {
  const moovs = root.all('moov');
  report.check('cmaf-header', moovs.length === 1
    && moovs[0].all('trak').length === 1 && root.all('mdat').length === 0, url,
  () => `${moovs.length} moov, ${root.all('moov.trak').length} trak`);
  const tables = ['stts', 'stsc', 'stco', 'stsz'].map(type =>
    [type, trak.one(`mdia.minf.stbl.${type}`)]);
  for (const [type, table] of tables)
    report.check('cmaf-empty-tables', table?.count === 0, url,
      `${type}: ${table ? `${table.count} entries` : 'missing'}`);
  report.check('cmaf-mvex', trex && trex.trackId === trackId
    && trex.description === 1, url,
  trex ? `trex of track ${trex.trackId}, the track is ${trackId}` : 'no trex');
}

// all ones say that the duration is unknown
const UNKNOWN = new Set([0, 0xffffffff, 2 ** 64]);

function checkTimes(report, { root, trak, brands, url }) {
  for (const box of [root.one('moov.mvhd'), trak.one('tkhd'),
    trak.one('mdia.mdhd')])
    report.check('cmaf-durations', box && (box.duration === 0
      || (box.type !== 'tkhd' && UNKNOWN.has(box.duration))), url,
    `${box?.type}: ${box?.duration}`);
  const edits = trak.one('edts.elst')?.entries ?? [];
  report.check('cmaf-edit-list', brands.includes('cmf2') ? edits.length === 0
    : edits.length <= 1 && edits.every(({ rate, time }) =>
      rate === 1 && time >= 0), url, () => JSON.stringify(edits));
}

function checkEntry(report, init) {
  const { entry, config, record, trak, url } = init;
  if (init.type === 'video') {
    const tkhd = trak.one('tkhd');
    const right = ['avc1', 'hvc1'].includes(entry.type) && record
      && record.pps.length > 0 && entry.width === config.width
      && entry.height === config.height;
    report.check('cmaf-sample-entry', right && tkhd.height === config.height,
      url, () => `${entry.type} of ${entry.width}x${entry.height}, tkhd `
        + `${tkhd.width}x${tkhd.height}, SPS ${config?.width}x`
        + `${config?.height}, ${record?.pps.length ?? 0} PPS`);
  }
  if (init.esds)
    report.check('cmaf-es-id', init.esds.esId === 0, url,
      `${init.esds.esId}`);
}

/** An init segment, once */
export function checkHeader(report, init) {
  checkBrands(report, init);
  checkStructure(report, init);
  checkTimes(report, init);
  checkEntry(report, init);
}

const AHEAD = new Set(['styp', 'prft', 'emsg', 'sidx']);

function checkOrder(report, url, { root }) {
  const order = root.boxes.map(({ type }) => type);
  const rest = order.filter(type => !AHEAD.has(type));
  report.check('cmaf-fragment', rest.every((type, i) =>
    type === (i % 2 ? 'mdat' : 'moof')) && rest.length % 2 === 0
    && AHEAD.has(order.at(-1)) === false, url, () => order.join(' '));
}

function checkChunk(report, url, { moof, traf, samples, mdat }, init) {
  const inside = moof.boxes.map(({ type }) => type).join(' ');
  report.check('cmaf-fragment', inside === 'mfhd traf', url,
    `in moof: ${inside}`);
  const tfhd = traf.one('tfhd');
  report.check('cmaf-tfhd', tfhd.baseIsMoof && !tfhd.hasBaseOffset
    && tfhd.trackId === init.trackId, url,
  `flags ${tfhd.flags.toString(16)}, track ${tfhd.trackId}`);
  const truns = traf.all('trun');
  const body = mdat && mdat.offset + mdat.size - mdat.body.length;
  report.check('cmaf-trun', truns.length > 0 && mdat?.type === 'mdat'
    && truns[0].from === body
    && truns.at(-1).to === mdat.offset + mdat.size
    && truns.every(({ from }, i) => i === 0 || from === truns[i - 1].to)
    && (!init.brands.includes('cmf2')
      || truns.every(({ version }) => version === 1)), url,
  () => `samples in ${truns[0]?.from} to ${truns.at(-1)?.to}, mdat in ${body} `
    + `to ${mdat.offset + mdat.size}, version ${truns[0]?.version}`);
  checkSync(report, url, samples);
}

function checkSync(report, url, samples) {
  report.check('cmaf-sap', samples[0]?.sync && samples[0].key, url,
    () => `sync flag ${samples[0].sync}, key picture ${samples[0].key}`);
  const wrong = samples.findIndex(({ sync, key }, i) => i > 0
    && sync !== key);
  report.check('cmaf-sync-flags', wrong === -1, url,
    () => `sample ${wrong}: flag ${samples[wrong].sync}, key picture `
      + `${samples[wrong].key}`);
}

function checkTime(report, url, fragments, before) {
  let last = before;
  for (const { tfdt, samples, moof } of fragments) {
    if (!report.check('cmaf-tfdt', tfdt, url, 'there is none')) continue;
    const end = samples.at(-1).dts + samples.at(-1).duration;
    const sequence = moof.one('mfhd').sequence;
    if (last) {
      report.check('cmaf-tfdt', tfdt.time === last.end, url,
        `${tfdt.time}, the last one ends at ${last.end}`);
      report.check('cmaf-sequence', sequence > last.sequence, url,
        `${sequence} after ${last.sequence}`);
    }
    last = { end, sequence };
  }
  return last;
}

/** @segments: { url, media, init, breaks }, in order: `breaks` where the
 * timeline begins anew */
export function checkTrack(report, segments) {
  let last = null;
  for (const { url, media, init, breaks } of segments) {
    if (!media?.fragments || !init) {
      last = null;
      continue;
    }
    checkOrder(report, url, media);
    for (const fragment of media.fragments)
      checkChunk(report, url, fragment, init);
    last = checkTime(report, url, media.fragments, breaks ? null : last);
  }
}

/** A fragment's times, in seconds so that another timescale shows apart */
const timesOf = segments => new Map(segments.filter(({ media }) =>
  media?.fragments).map(({ number, media }) => [number, media.fragments.map(
  ({ tfdt, samples }) => (tfdt?.time ?? samples[0].dts)
    / media.main.timescale)]));

/** @tracks: { name, segments } of one switching set; segments with the same
 * number are alternatives */
export function checkSwitchingSet(report, tracks) {
  const inits = tracks.map(({ segments }) =>
    segments.find(({ init }) => init)?.init);
  const [first] = inits;
  if (!first) return;
  const times = tracks.map(({ segments }) => timesOf(segments));
  tracks.slice(1).forEach(({ name }, i) => {
    const init = inits[i + 1];
    report.check('cmaf-switching-set', init
      && init.timescale === first.timescale
      && init.codec === first.codec, name,
    () => `${init?.codec} at ${init?.timescale}, ${first.codec} at `
      + `${first.timescale}`);
    for (const [number, list] of times[i + 1]) {
      const other = times[0].get(number);
      report.check('cmaf-switching-set', !other
        || (other.length === list.length && other.every((time, k) =>
          Math.abs(time - list[k]) < 1 / first.timescale / 2)), name,
      () => `segment ${number} is at ${list}, its twin at ${other}`);
    }
  });
}
