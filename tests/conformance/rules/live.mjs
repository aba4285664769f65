// SPDX-License-Identifier: LGPL-2.1-or-later
// What must hold from one update of a live manifest to the next.

export const rules = {
  'hls-live-update': ['RFC8216bis 6.2.2',
    'a new playlist within 1.5 target durations of the last'],
  'hls-live-target': ['RFC8216bis 4.4.3.1', 'the target duration never changes'],
  'hls-live-sequence': ['RFC8216bis 4.4.3.2, 6.2.2',
    'EXT-X-MEDIA-SEQUENCE counts the segments that are gone'],
  'hls-live-discontinuity': ['RFC8216bis 4.4.3.3, 6.2.2',
    'EXT-X-DISCONTINUITY-SEQUENCE counts the discontinuities that are gone'],
  'hls-live-entries': ['RFC8216bis 6.2.1',
    'a segment keeps its URI, duration, date and tags'],
  'hls-live-gone': ['RFC8216bis 6.2.2',
    'a segment that is gone from the list is there for its length more'],
  'dash-live-update': ['ISO/IEC 23009-1 5.4',
    'an update brings new segments, with a new publishTime'],
  'dash-live-start': ['ISO/IEC 23009-1 5.4',
    'availabilityStartTime never changes'],
  'dash-live-periods': ['ISO/IEC 23009-1 5.4',
    'a period keeps its id and its start'],
  'dash-live-entries': ['ISO/IEC 23009-1 5.4',
    'a number keeps its time and duration; startNumber advances with them'],
  'mss-live-entries': ['MS-SSTR 2.2.2.6',
    'a chunk keeps its time and duration, and new ones follow'],
  'mss-live-update': ['MS-SSTR 2.2.2.6',
    'a new chunk within 1.5 times the longest'],
  'mss-live-ahead': ['MS-SSTR 2.2.4.5',
    'the fragments that tfrf told of are those that come'],
  'http-live-unchanged': ['RFC8216bis 6.2.1, RFC9111',
    'a segment that is fetched again is the same'],
};

// how many segments are fetched again in the end
const FETCHED_AGAIN = 4;

// of waiting for an update that was due, in seconds: we look only so often
const PATIENCE = 1;

class HlsFollower {
  constructor(report, presentation, now) {
    this.report = report;
    this.tracks = new Map();
    this.gone = [];
    this.update(presentation, now);
  }

  update(presentation, now) {
    for (const track of presentation.tracks) {
      const last = this.tracks.get(track.url);
      const end = track.list.segments.at(-1)?.sequence ?? -1;
      const advanced = !last || end > last.end || track.list.ended;
      const state = { list: track.list, end, now, track,
        changed: advanced ? now : last.changed };
      if (last) this.compare(last, state);
      this.tracks.set(track.url, state);
    }
    this.presentation = presentation;
  }

  compare(last, { list, now, end }) {
    const { report } = this;
    report.check('hls-live-target', list.target === last.list.target, list.url,
      `${list.target} after ${last.list.target}`);
    if (!list.ended || end > last.end)
      report.check('hls-live-update', (now - last.changed) / 1000
        <= 1.5 * list.target + PATIENCE || end > last.end, list.url,
      () => `none for ${((now - last.changed) / 1000).toFixed(1)} s`);
    this.compareSequence(last.list, list);
    const entries = new Map(last.list.segments.map(one => [one.sequence, one]));
    for (const segment of list.segments) {
      const before = entries.get(segment.sequence);
      if (!before) continue;
      // the first entry's own tag goes with the entry ahead of it
      report.check('hls-live-entries', before.url === segment.url
        && before.extinf === segment.extinf && before.date === segment.date
        && before.map === segment.map && before.gap === segment.gap, list.url,
      () => `${segment.sequence}: ${before.uri}, now ${segment.uri}`);
      report.check('hls-live-discontinuity', before.discontinuitySequence
        === segment.discontinuitySequence, list.url, () => `of ${segment.uri}: `
          + `${segment.discontinuitySequence} after `
          + `${before.discontinuitySequence}`);
    }
  }

  compareSequence(before, list) {
    const index = before.segments.findIndex(({ url }) =>
      url === list.segments[0]?.url);
    const gone = index === -1 ? null : index;
    this.gone.push(...before.segments.slice(0, Math.max(0, index))
      .filter(segment => !segment.gap));
    this.report.check('hls-live-sequence',
      list.mediaSequence >= before.mediaSequence
        && (gone === null || list.mediaSequence - before.mediaSequence === gone),
      list.url, `${list.mediaSequence} after ${before.mediaSequence}, with `
        + `${gone ?? 'all'} gone`);
  }

  /** What left the lists last is there for as long as it lasts, and the list
   * was; a segment's worth is less than either. */
  async finish({ client }) {
    for (const { url } of this.gone.slice(-FETCHED_AGAIN))
      this.report.check('hls-live-gone', (await client.get(url)).ok, url,
        'it is gone already');
  }

  segments() {
    return this.presentation.tracks.flatMap(({ segments }) =>
      segments.filter(({ media }) => media));
  }
}

class DashFollower {
  constructor(report, presentation, now) {
    this.report = report;
    this.numbers = new Map();
    this.periods = new Map();
    this.last = null;
    this.changed = now;
    this.update(presentation, now);
  }

  update(mpd, now) {
    const { report, last } = this;
    const grew = this.compareEntries(mpd);
    if (last) {
      report.check('dash-live-start',
        mpd.availabilityStart === last.availabilityStart
          || (!mpd.dynamic && Number.isNaN(mpd.availabilityStart)), mpd.url,
        'availabilityStartTime has changed');
      report.check('dash-live-update', !mpd.dynamic
        || (grew ? mpd.publishTime > last.publishTime
          : mpd.publishTime >= last.publishTime), mpd.url,
      () => `publishTime ${mpd.root.get('publishTime')}, segments are new: `
        + `${grew}`);
    }
    const longest = Math.max(0, ...mpd.representations.flatMap(
      ({ segments }) => segments.map(({ seconds }) => seconds)));
    if (grew) this.changed = now;
    report.check('dash-live-update', !mpd.dynamic || (now - this.changed) / 1000
      <= 1.5 * longest + (mpd.minimumUpdatePeriod ?? 0) + PATIENCE, mpd.url,
    () => `no new segment for ${((now - this.changed) / 1000).toFixed(1)} s`);
    if (mpd.dynamic || !last) this.comparePeriods(mpd);
    this.last = mpd;
  }

  comparePeriods(mpd) {
    const { report, periods } = this;
    for (const { id, start } of mpd.periods) {
      report.check('dash-live-periods', !periods.has(id)
        || Math.abs(periods.get(id) - start) < 0.001, mpd.url,
      () => `'${id}' begins at ${start}, before at ${periods.get(id)}`);
      periods.set(id, start);
    }
    const ids = new Set(mpd.periods.map(({ id }) => id));
    const left = this.last?.periods.some(({ id }) => ids.has(id)) ?? true;
    report.check('dash-live-periods', left, mpd.url,
      () => `all are new: ${[...ids]}`);
  }

  /** Whether there are segments that were not there before */
  compareEntries(mpd) {
    let grew = false;
    for (const period of mpd.periods)
      for (const { id, segments } of period.sets.flatMap(
        ({ representations }) => representations)) {
        for (const segment of segments) {
          const key = `${period.id} ${id} ${segment.number}`;
          const entry = `${segment.time} ${segment.duration}`;
          const before = this.numbers.get(key);
          grew ||= before === undefined;
          this.report.check('dash-live-entries',
            before === undefined || before === entry, mpd.url,
            () => `${key}: ${entry}, before ${before}`);
          this.numbers.set(key, entry);
        }
      }
    return grew;
  }

  segments() {
    return this.last.representations.flatMap(({ segments }) =>
      segments.filter(({ media }) => media));
  }
}

/** What the fragments of a stream tell of those after them: by time */
const announced = stream => new Map(stream.levels.flatMap(({ fragments }) =>
  fragments.flatMap(({ media }) =>
    media?.fragments[0].traf.one('tfrf')?.entries ?? []))
  .map(({ time, duration }) => [time, duration]));

class SmoothFollower {
  constructor(report, presentation, now) {
    this.report = report;
    this.changed = now;
    this.update(presentation, now);
  }

  update(manifest, now) {
    this.compareEntries(manifest);
    this.compareAge(manifest, now);
    this.last = manifest;
  }

  compareAge(manifest, now) {
    const newest = ({ streams }) => Math.max(...streams.map(({ chunks }) =>
      chunks.at(-1)?.time ?? 0));
    const longest = Math.max(...manifest.streams.flatMap(
      ({ chunks, timescale }) => chunks.map(({ duration }) =>
        duration / timescale)));
    if (this.last && newest(manifest) > newest(this.last)) this.changed = now;
    const seconds = (now - this.changed) / 1000;
    this.report.check('mss-live-update', !manifest.live
      || seconds <= 1.5 * longest + PATIENCE, manifest.url,
    `none for ${seconds.toFixed(1)} s`);
  }

  /** Chunks that are new are those that were told of. */
  compareAhead(stream, before, chunks) {
    const known = announced(before);
    const last = before.chunks.at(-1);
    for (const { time, duration } of chunks) {
      if (!last || time <= last.time || known.size === 0
        || time > Math.max(...known.keys())) continue;
      this.report.check('mss-live-ahead',
        Math.abs((known.get(time) ?? 0) - duration) <= 1,
        `${stream.manifest.url} ${stream.name}`, () => `chunk at ${time} of `
          + `${duration}, told was ${JSON.stringify([...known])}`);
    }
  }

  compareEntries(manifest) {
    manifest.streams.forEach((stream, i) => {
      if (this.last?.live && this.last.streams[i])
        this.compareAhead(stream, this.last.streams[i], stream.chunks);
      const before = this.last?.streams[i]?.chunks ?? [];
      const known = new Map(before.map(one => [one.time, one.duration]));
      const newest = before.at(-1)?.time ?? -1;
      for (const { time, duration } of stream.chunks)
        this.report.check('mss-live-entries', time > newest
          || !this.last || known.get(time) === duration
          || time < before[0].time, `${manifest.url} ${stream.name}`,
        `chunk at ${time} of ${duration}`);
    });
  }

  segments() {
    return this.last.streams.flatMap(({ levels }) =>
      levels.flatMap(({ fragments }) => fragments.filter(({ media }) => media)));
  }
}

const followers = { hls: HlsFollower, dash: DashFollower,
  smooth: SmoothFollower };

export function follow(format, report, presentation, now) {
  return new followers[format](report, presentation, now);
}

/** Fetches again what the followers of all formats have in common. */
export async function finish(follower, context) {
  await follower.finish?.(context);
  for (const { url, media } of follower.segments().slice(0, FETCHED_AGAIN)) {
    const answer = await context.client.get(url);
    context.report.check('http-live-unchanged', answer.ok
      && answer.body.equals(media.answer.body), url,
    `status ${answer.status}`);
  }
}
