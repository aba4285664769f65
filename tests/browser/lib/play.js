// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs in the page: plays ?url= with ?player= at ?rate=, and keeps window.report.
'use strict';

const query = new URLSearchParams(location.search);
const video = document.getElementById('video');

const STALL_MS = 300;

window.report = {
  started: false,       // a frame was shown
  ended: false,
  mediaTime: 0,         // s of media that really passed
  jumps: 0,             // times the position moved by itself
  stalls: 0,            // times it stood still for longer than STALL_MS
  stalledMs: 0,
  sizes: [],            // of the picture, in the order they were shown
  errors: [],
  warnings: [],
  latency: NaN,
};

function addScript(name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = name;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`cannot load ${name}`));
    document.head.append(script);
  });
}

/** A player: levels () [{id, height}], select (id or null), latency (). */
const PLAYERS = {
  async hls(url) {
    await addScript('hls.js');
    const hls = new Hls();
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
    };
  },

  async dash(url) {
    await addScript('dash.js');
    const player = dashjs.MediaPlayer().create();
    player.updateSettings({ debug: { logLevel: 0 } });
    player.on(dashjs.MediaPlayer.events.ERROR,
      ({ error }) => report.errors.push(`${error.code} ${error.message}`));
    // it has to start by itself: it does not see that the element was told to
    // play before, takes itself for paused, and asks for no new MPD
    player.initialize(video, null, true);
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
        if (id !== null) player.setRepresentationForTypeById('video', id, true);
      },
      latency: () => (player.isReady() && player.isDynamic()
        ? player.getCurrentLiveLatency() : NaN),
    };
  },

  async shaka(url) {
    await addScript('shaka.js');
    const player = new shaka.Player();
    player.addEventListener('error',
      ({ detail }) => report.errors.push(`${detail.code} ${detail.data}`));
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
    };
  },
};

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
    } else if (!stalled && now - moved > STALL_MS) {
      stalled = true;
      report.stalls += 1;
    }
  }, 50);
}

function listen() {
  video.addEventListener('error',
    () => report.errors.push(`video: ${video.error?.message}`));
  video.addEventListener('ended', () => { report.ended = true; });
  const frame = (_, { width, height }) => {
    report.started = true;
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
  window.player = await PLAYERS[query.get('player')](query.get('url'));
  await video.play();
  video.playbackRate = Number(query.get('rate') ?? 1);
}

start().catch((error) => report.errors.push(String(error)));
