// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs in the page: plays ?url= with ?player= at ?rate=, with a buffer of at most
// ?buffer= seconds ahead, and keeps window.report. ?credentials has cookies sent
// along; ?cookies= is asked for them first.
'use strict';

const query = new URLSearchParams(location.search);
const video = document.getElementById('video');

// A stall is a position that stands still because nothing is left to play; with
// media ahead it is the machine that is short of time, until it takes so long
// that the media must be what cannot be played.
const STALL_MS = 300;
const STARVED_S = 0.5;
const FROZEN_MS = 2000;

window.report = {
  started: false,       // a frame was shown
  ended: false,
  mediaTime: 0,         // s of media that really passed
  jumps: 0,             // times the position moved by itself
  stalls: 0,            // see isStall ()
  stalledMs: 0,
  pausedMs: 0,          // the longest time that it stood still for any cause
  sizes: [],            // of the picture, in the order they were shown
  errors: [],
  warnings: [],
  latency: NaN,
  shown: NaN,           // s, of the frame that is shown
  position: 0,          // s, where it plays,
  rangeStart: 0,        // and where what can be sought begins
  ahead: 0,             // s that are buffered ahead of the position
  // the largest of each since it was last reset, see look ()
  picture: { luma: 0, spread: 0, change: 0 },
};

const BUFFER_S = Number(query.get('buffer') ?? NaN);
const CREDENTIALS = query.has('credentials');
const LOOK_MS = 500;

// "Policy=...&Signature=...": what is asked for from now on is signed by this;
// null: as the manifests have it
window.policy = null;

/** @text, a URL, with the present policy in place of the one that it has. */
function renewed(text) {
  const url = new URL(text, location);
  if (!window.policy || !url.searchParams.has('Policy')) return text;
  for (const name of ['Policy', 'Signature', 'Key-Pair-Id', 'Hash-Algorithm']) {
    url.searchParams.delete(name);
  }
  for (const [name, value] of new URLSearchParams(window.policy)) {
    url.searchParams.append(name, value);
  }
  return url.href;
}

function addScript(name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = name;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`cannot load ${name}`));
    document.head.append(script);
  });
}

/**
 * A player: levels () [{id, height}], select (id or null), latency (),
 * rangeStart () in the element's time.
 */
const PLAYERS = {
  file(url) {
    video.crossOrigin = CREDENTIALS ? 'use-credentials' : 'anonymous';
    video.src = url;
    return {
      levels: () => [],
      select: () => {},
      latency: () => NaN,
      rangeStart: () => 0,
    };
  },

  async hls(url) {
    await addScript('hls.js');
    const hls = new Hls({
      ...(BUFFER_S
        ? { maxBufferLength: BUFFER_S, maxMaxBufferLength: BUFFER_S } : {}),
      xhrSetup: (xhr, wanted) => {
        xhr.withCredentials = CREDENTIALS;
        xhr.open('GET', renewed(wanted));
      },
    });
    hls.on(Hls.Events.ERROR, (_, data) => {
      // what hls.js gets over by itself is told, not judged: a stall shows in
      // the picture, a failed request in its status
      (data.fatal ? report.errors : report.warnings)
        .push(`${data.details} ${data.error?.message ?? ''}`);
    });
    hls.loadSource(url);
    hls.attachMedia(video);
    return {
      levels: () => hls.levels.map(({ height }, id) => ({ id, height })),
      select: (id) => { hls.nextLevel = id ?? -1; },
      latency: () => (hls.latestLevelDetails?.live ? hls.latency : NaN),
      rangeStart: () => hls.latestLevelDetails?.fragmentStart ?? 0,
    };
  },

  async dash(url, extension) {
    await addScript('dash.js');
    if (extension) await addScript(extension);
    const player = dashjs.MediaPlayer().create();
    player.updateSettings({ debug: { logLevel: 0 } });
    if (BUFFER_S) {
      player.updateSettings({ streaming: { buffer: {
        bufferTimeDefault: BUFFER_S, bufferTimeAtTopQuality: BUFFER_S,
        bufferTimeAtTopQualityLongForm: BUFFER_S } } });
    }
    player.on(dashjs.MediaPlayer.events.ERROR,
      ({ error }) => report.errors.push(`${error.code} ${error.message}`));
    // it looks at the clock too: where it finds the end before the element
    // does, it pauses there, and the element never ends
    player.on(dashjs.MediaPlayer.events.PLAYBACK_ENDED,
      ({ isLast }) => { report.ended ||= isLast; });
    // it has to start by itself: it does not see that the element was told to
    // play before, takes itself for paused, and asks for no new MPD
    player.initialize(video, null, true);
    player.setXHRWithCredentialsForType('', CREDENTIALS);
    player.addRequestInterceptor(async (request) => {
      request.url = renewed(request.url);
      return request;
    });
    player.clearDefaultUTCTimingSources();
    player.attachSource(url);
    await new Promise((resolve) => {
      player.on(dashjs.MediaPlayer.events.STREAM_INITIALIZED, resolve);
    });
    return {
      levels: () => player.getRepresentationsByType('video')
        .map(({ id, height }) => ({ id, height })),
      select: (id) => {
        player.updateSettings({ streaming: {
          abr: { autoSwitchBitrate: { video: id === null } } } });
        // not by force: that empties the buffer and seeks, where its own
        // choice of a rung only replaces what is not due yet
        if (id !== null) player.setRepresentationForTypeById('video', id);
      },
      latency: () => (player.isReady() && player.isDynamic()
        ? player.getCurrentLiveLatency() : NaN),
      rangeStart: () => player.getDvrWindow()?.start ?? 0,
    };
  },

  mss(url) {
    return this.dash(url, 'dash.mss.js');
  },

  async 'shaka-lts'(url) {
    await addScript('isoboxer.js');
    // it takes the URLs of Smooth Streaming as they are written in XML
    return this.shaka(url, 'shaka-lts.js',
      (wanted) => wanted.replaceAll('&amp;', '&'));
  },

  async shaka(url, script = 'shaka.js', mended = (wanted) => wanted) {
    await addScript(script);
    const player = new shaka.Player();
    player.addEventListener('error',
      ({ detail }) => report.errors.push(`${detail.code} ${detail.data}`));
    player.getNetworkingEngine().registerRequestFilter((_, request) => {
      request.allowCrossSiteCredentials = CREDENTIALS;
      request.uris = request.uris.map((uri) => renewed(mended(uri)));
    });
    await player.attach(video);
    await player.load(url).catch((error) => {
      report.errors.push(`${error.code} ${error.data}`);
    });
    return {
      levels: () => player.getVariantTracks()
        .map(({ id, height }) => ({ id, height })),
      select: (id) => {
        player.configure('abr.enabled', id === null);
        const track = player.getVariantTracks().find((t) => t.id === id);
        if (track) player.selectVariantTrack(track);
      },
      latency: () => (player.isLive()
        ? player.getStats().liveLatency : NaN),
      rangeStart: () => player.seekRange().start,
    };
  },
};

function ahead() {
  const { buffered, currentTime } = video;
  for (let i = 0; i < buffered.length; i += 1) {
    if (buffered.start(i) <= currentTime && buffered.end(i) > currentTime) {
      return buffered.end(i) - currentTime;
    }
  }
  return 0;
}

/**
 * Looks at the picture now and then: its mean luma, how far that spreads, and
 * how much the picture differs from the one before. A film may be dark and
 * still for a while, so what counts is the largest of each.
 */
function look() {
  const width = 80;
  const height = 45;
  const canvas = new OffscreenCanvas(width, height)
    .getContext('2d', { willReadFrequently: true });
  let before = null;
  setInterval(() => {
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    canvas.drawImage(video, 0, 0, width, height);
    const { data } = canvas.getImageData(0, 0, width, height);
    const now = Array.from({ length: width * height }, (_, i) =>
      0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]);
    const mean = (values) => values.reduce((a, b) => a + b) / values.length;
    const luma = mean(now);
    const { picture } = report;
    picture.luma = Math.max(picture.luma, luma);
    picture.spread = Math.max(picture.spread,
      Math.sqrt(mean(now.map((v) => (v - luma) ** 2))));
    if (before) {
      picture.change = Math.max(picture.change,
        mean(now.map((v, i) => Math.abs(v - before[i]))));
    }
    before = now;
  }, LOOK_MS);
}

function isStall(ms) {
  return (ms > STALL_MS && report.ahead < STARVED_S) || ms > FROZEN_MS;
}

/** Watches the position from outside the player. */
function watch() {
  let position = video.currentTime;
  let moved = performance.now();
  let stalled = false;
  setInterval(() => {
    const now = performance.now();
    const step = video.currentTime - position;
    const playing = report.started && !video.paused && !video.ended
      && !video.seeking;
    report.latency = window.player?.latency() ?? NaN;
    report.ahead = ahead();
    report.position = video.currentTime;
    report.rangeStart = window.player?.rangeStart() ?? 0;
    if (step !== 0) {
      // half a second more than what can have been played since
      if (step > 0
          && step < (now - moved) / 1000 * video.playbackRate + 0.5) {
        report.mediaTime += step;
      } else {
        report.jumps += 1;
      }
      position = video.currentTime;
    }
    if (step !== 0 || !playing) {
      if (stalled) report.stalledMs += now - moved;
      stalled = false;
      moved = now;
    } else {
      report.pausedMs = Math.max(report.pausedMs, now - moved);
      if (!stalled && isStall(now - moved)) {
        stalled = true;
        report.stalls += 1;
      }
    }
  }, 50);
}

function listen() {
  video.addEventListener('error',
    () => report.errors.push(`video: ${video.error?.message}`));
  video.addEventListener('ended', () => { report.ended = true; });
  const frame = (_, { width, height, mediaTime }) => {
    report.started = true;
    report.shown = mediaTime;
    const size = `${width}x${height}`;
    if (report.sizes.at(-1) !== size) report.sizes.push(size);
    video.requestVideoFrameCallback(frame);
  };
  video.requestVideoFrameCallback(frame);
}

/**
 * Notes when the test pattern's flash is shown and when its beep sounds, both
 * in ms of this page's clock.
 */
async function measureSync() {
  Object.assign(report, { flashes: [], beeps: [] });
  video.muted = false;
  const audio = new AudioContext();
  await audio.audioWorklet.addModule('beeps.js');
  const worklet = new AudioWorkletNode(audio, 'beeps');
  worklet.port.onmessage = ({ data }) => {
    const now = audio.getOutputTimestamp();
    report.beeps.push(now.performanceTime + (data - now.contextTime) * 1000);
  };
  audio.createMediaElementSource(video).connect(worklet)
    .connect(audio.destination);
  const lamp = new OffscreenCanvas(4, 4)
    .getContext('2d', { willReadFrequently: true });
  let lit = true;
  const look = (_, { expectedDisplayTime, width, height }) => {
    // the middle of the lamp
    lamp.drawImage(video, width * 0.68, height * 0.16, width * 0.2,
      height * 0.2, 0, 0, 4, 4);
    const now = lamp.getImageData(0, 0, 4, 4).data[5] > 128;
    if (now && !lit) report.flashes.push(expectedDisplayTime);
    lit = now;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
}

async function start() {
  listen();
  if (query.has('sync')) await measureSync();
  watch();
  look();
  if (query.has('cookies')) {
    await fetch(query.get('cookies'), { credentials: 'include' });
  }
  window.player = await PLAYERS[query.get('player')](query.get('url'));
  await video.play();
  video.playbackRate = Number(query.get('rate') ?? 1);
}

start().catch((error) => report.errors.push(String(error)));
