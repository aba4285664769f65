// SPDX-License-Identifier: LGPL-2.1-or-later
import { byId, setIcon, show } from './dom.js';

const QUIET_AFTER_MS = 3000;
const VOLUME_KEY = 'visionstream-volume';

/**
 * The buttons that act on the video element alone: play, sound, full screen,
 * picture in picture; and the controls' hiding while nobody moves.
 */
export class Controls {
  constructor(video, stage) {
    this.video = video;
    this.stage = stage;
    this.wirePlay();
    this.wireSound();
    this.wireFullscreen();
    this.wirePictureInPicture();
    this.wireQuiet();
  }

  wirePlay() {
    const { video } = this;
    const paint = () => {
      setIcon(byId('play'), video.paused ? 'play' : 'pause',
        video.paused ? 'Play' : 'Pause');
      show(byId('big-play'), video.paused && video.readyState > 0);
      this.wake();
    };
    for (const name of ['play', 'pause', 'loadedmetadata', 'emptied']) {
      video.addEventListener(name, paint);
    }
    for (const id of ['play', 'big-play']) {
      byId(id).addEventListener('click', () => this.togglePlay());
    }
    const spinner = byId('spinner');
    for (const name of ['waiting', 'seeking']) {
      video.addEventListener(name, () => show(spinner, !video.paused));
    }
    for (const name of ['playing', 'seeked', 'pause', 'emptied']) {
      video.addEventListener(name, () => show(spinner, false));
    }
  }

  wireSound() {
    const { video } = this;
    const slider = byId('volume');
    video.volume = Controls.storedVolume();
    const paint = () => {
      const silent = video.muted || video.volume === 0;
      setIcon(byId('mute'), silent ? 'muted' : 'volume',
        silent ? 'Unmute' : 'Mute');
      slider.value = String(silent ? 0 : video.volume);
      slider.style.setProperty('--at', `${Number(slider.value) * 100}%`);
      slider.style.setProperty('--loaded', slider.style.getPropertyValue('--at'));
      show(byId('unmute'), video.muted && !this.touchedSound);
    };
    video.addEventListener('volumechange', () => {
      Controls.storeVolume(video.volume);
      paint();
    });
    slider.addEventListener('input', () => {
      this.setVolume(Number(slider.value));
    });
    for (const id of ['mute', 'unmute']) {
      byId(id).addEventListener('click', () => this.toggleMute());
    }
    paint();
  }

  // a browser that keeps no site data throws at the mention of the storage
  static storedVolume() {
    try {
      const stored = Number(localStorage.getItem(VOLUME_KEY) ?? 1);
      return stored >= 0 && stored <= 1 ? stored : 1;
    } catch {
      return 1;
    }
  }

  static storeVolume(volume) {
    try {
      localStorage.setItem(VOLUME_KEY, String(volume));
    } catch {
      // it is not kept, then
    }
  }

  wireFullscreen() {
    const { video, stage } = this;
    const button = byId('fullscreen');
    show(button, Boolean(stage.requestFullscreen
      ?? video.webkitEnterFullscreen));
    button.addEventListener('click', () => this.toggleFullscreen());
    document.addEventListener('fullscreenchange', () => {
      const on = document.fullscreenElement === stage;
      setIcon(button, on ? 'window' : 'full',
        on ? 'Leave full screen' : 'Full screen');
    });
  }

  wirePictureInPicture() {
    const button = byId('pip');
    show(button, Boolean(document.pictureInPictureEnabled));
    button.addEventListener('click', () => this.togglePictureInPicture());
  }

  wireQuiet() {
    const { video, stage } = this;
    for (const name of ['pointermove', 'pointerdown', 'focusin', 'keydown']) {
      stage.addEventListener(name, () => this.wake());
    }
    stage.addEventListener('pointerleave', (event) => {
      if (event.pointerType === 'mouse') this.quiet();
    });
    // a tap only shows the controls, a click plays and pauses
    video.addEventListener('click', (event) => {
      if (event.pointerType !== 'touch') this.togglePlay();
    });
    video.addEventListener('dblclick', () => this.toggleFullscreen());
  }

  wake() {
    this.stage.classList.remove('quiet');
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.quiet(), QUIET_AFTER_MS);
  }

  quiet() {
    const menuOpen = this.stage.querySelector('.popup:not([hidden])');
    if (!this.video.paused && !menuOpen) this.stage.classList.add('quiet');
  }

  async play() {
    try {
      await this.video.play();
    } catch (error) {
      // not allowed without a gesture: the big button is the way out; an
      // AbortError means that another stream was chosen meanwhile
      if (error.name !== 'AbortError') show(byId('big-play'), true);
    }
  }

  togglePlay() {
    if (this.video.paused) this.play(); else this.video.pause();
  }

  toggleMute() {
    this.touchedSound = true;
    if (this.video.volume === 0) this.video.volume = 1;
    this.video.muted = !this.video.muted;
  }

  setVolume(volume) {
    this.touchedSound = true;
    this.video.volume = Math.min(1, Math.max(0, volume));
    this.video.muted = this.video.volume === 0;
  }

  toggleFullscreen() {
    if (document.fullscreenElement) {
      document.exitFullscreen();
    } else if (this.stage.requestFullscreen) {
      this.stage.requestFullscreen().catch(() => {});
    } else {
      this.video.webkitEnterFullscreen?.();
    }
  }

  togglePictureInPicture() {
    const leave = document.pictureInPictureElement;
    const change = leave ? document.exitPictureInPicture()
      : this.video.requestPictureInPicture?.();
    change?.catch(() => {});
  }
}
