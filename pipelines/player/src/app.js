// SPDX-License-Identifier: LGPL-2.1-or-later
// The page: what the origin has, one stream of it playing, and the controls.
import { Closed, fetchCatalog } from './catalog.js';
import { Controls } from './controls.js';
import { byId, copy, make, show } from './dom.js';
import { bitrate, clock } from './format.js';
import { bindKeys } from './keys.js';
import { Menu } from './menu.js';
import { explain } from './messages.js';
import { SeekBar } from './seekbar.js';
import { Session } from './session.js';
import { clearStats, paintStats } from './stats.js';

// how often the origin is asked what there is: often until something plays
const CATALOG_MS = 4000;
const EMPTY_CATALOG_MS = 500;
// a chain that has just started may be listed before its first segment is
const PATIENCE_MS = 10000;
const PAINT_MS = 250;
const STEP_S = 5;

class App {
  constructor() {
    this.video = byId('video');
    this.controls = new Controls(this.video, byId('stage'));
    this.seekBar = new SeekBar(byId('seek'), byId('seek-tip'),
      (time) => this.session?.seek(time));
    this.menu = new Menu(byId('quality'), byId('quality-menu'),
      (id) => this.selectRung(id));
    this.events = [];
    this.clockOffset = 0;
    this.wanted = new URLSearchParams(location.hash.slice(1));
    this.wire();
  }

  wire() {
    byId('event').addEventListener('change', (event) => {
      this.choose(event.target.value, this.endpoint?.name);
    });
    byId('live').addEventListener('click', () => this.goLive());
    window.addEventListener('hashchange', () => {
      this.wanted = new URLSearchParams(location.hash.slice(1));
      this.choose(this.wanted.get('event'), this.wanted.get('format'));
    });
    byId('notice-retry').addEventListener('click', () => this.retry());
    byId('copy').addEventListener('click', () => this.copyAddress());
    const shortcuts = byId('shortcuts');
    byId('help').addEventListener('click', () => shortcuts.showModal());
    const { controls } = this;
    bindKeys({
      ' ': () => controls.togglePlay(),
      k: () => controls.togglePlay(),
      m: () => controls.toggleMute(),
      f: () => controls.toggleFullscreen(),
      p: () => controls.togglePictureInPicture(),
      l: () => this.goLive(),
      q: () => { controls.wake(); this.menu.toggle(); },
      '?': () => shortcuts.showModal(),
      ArrowLeft: () => this.step(-STEP_S),
      ArrowRight: () => this.step(STEP_S),
      ArrowUp: () => controls.setVolume(this.video.volume + 0.1),
      ArrowDown: () => controls.setVolume(this.video.volume - 0.1),
      Home: () => this.session?.seek(0),
    });
    setInterval(() => this.paint(), PAINT_MS);
  }

  /* what there is */

  async run() {
    for (;;) {
      await this.refresh();
      const pause = this.session?.started ? CATALOG_MS : EMPTY_CATALOG_MS;
      await new Promise((resolve) => { setTimeout(resolve, pause); });
    }
  }

  async refresh() {
    try {
      const { events, clockOffset } = await fetchCatalog();
      this.events = events;
      this.clockOffset = clockOffset;
    } catch (error) {
      // accounts log in there
      if (error instanceof Closed) location.replace('vod.html');
      // what is buffered plays on; the badge tells
      this.setBadge('Offline', false);
      if (!this.session) this.notify('origin');
      return;
    }
    this.fillPicker();
    if (this.lost && this.events.length > 0) await this.open();
    if (this.events.length === 0 && !this.session) {
      this.setBadge('', false);
      this.notify('empty');
    } else if (!this.event) {
      await this.choose(this.wanted.get('event'), this.wanted.get('format'));
    }
    this.paintEvent();
  }

  fillPicker() {
    const select = byId('event');
    show(byId('picker'), this.events.length > 1);
    const text = (event) => (event.live ? `● ${event.title}` : event.title);
    const same = select.length === this.events.length
      && this.events.every((event, i) => select.options[i].value === event.id
        && select.options[i].text === text(event));
    if (same) return;
    select.replaceChildren(...this.events.map((event) => make('option',
      { value: event.id, textContent: text(event) })));
    if (this.event) select.value = this.event.id;
  }

  /**
   * Plays an event by its id and an endpoint by its name; without them the
   * first. One that is not there is waited for: who was given its address is
   * not shown another one.
   */
  async choose(id, format) {
    const event = id ? this.events.find((entry) => entry.id === id)
      : this.events[0];
    if (!event) {
      this.leave();
      return;
    }
    const endpoint = event.endpoints.find((entry) => entry.name === format)
      ?? event.endpoints[0];
    this.event = event;
    this.endpoint = endpoint;
    byId('event').value = event.id;
    history.replaceState(null, '', `#${new URLSearchParams(
      { event: event.id, format: endpoint.name })}`);
    this.patientUntil = Date.now() + PATIENCE_MS;
    this.paintEvent();
    await this.open();
  }

  /** What is wanted is not there: waits for it. */
  leave() {
    this.session?.close();
    this.session = null;
    this.event = null;
    this.lost = false;
    byId('event').selectedIndex = -1;
    this.setBadge('', false);
    this.notify('missing');
  }

  /* the stream */

  async open() {
    this.session?.close();
    this.session = null;
    this.opening = true;
    this.lost = false;
    clearStats();
    this.notify(null);
    show(byId('spinner'), true);
    const { endpoint } = this;
    const on = {
      rungs: () => this.fillQuality(null),
      ready: () => this.controls.play(),
      error: (error) => this.fail(error),
    };
    try {
      const session = await Session.open(this.video, endpoint, on);
      if (endpoint === this.endpoint) this.session = session;
      else session.close();
    } catch (error) {
      this.fail({ kind: 'origin', ...error, fatal: true });
    } finally {
      this.opening = false;
    }
  }

  fail(error) {
    if (!error.fatal) return;
    // a chain that is started again is joined again by the next refresh
    this.lost = error.kind === 'network' || error.kind === 'origin';
    this.notify(error);
  }

  async retry() {
    if (this.endpoint) await this.open();
    else await this.refresh();
  }

  fillQuality(selected) {
    const rungs = this.session?.engine.rungs() ?? [];
    // two rungs of one height are told apart by their bit rates
    const items = [{ value: null, label: 'Auto' }, ...rungs.map((rung) => ({
      value: rung.id,
      label: rung.height ? `${rung.height}p` : 'Audio',
      detail: bitrate(rung.bitrate),
    }))];
    this.menu.fill(items, selected);
    this.selected = items.find((item) => item.value === selected);
    show(byId('quality'), rungs.length > 1);
  }

  selectRung(id) {
    this.session?.engine.select(id);
    this.fillQuality(id);
  }

  step(offset) {
    this.controls.wake();
    this.session?.seek(this.video.currentTime + offset);
  }

  goLive() {
    if (!this.session) return;
    this.session.seekToEnd();
    this.controls.play();
  }

  async copyAddress() {
    await copy(byId('url'));
    const button = byId('copy');
    const use = button.querySelector('use');
    use.setAttribute('href', '#i-check');
    setTimeout(() => use.setAttribute('href', '#i-copy'), 1500);
  }

  /* what is seen */

  notify(error) {
    show(byId('notice'), Boolean(error));
    if (!error) return;
    show(byId('spinner'), false);
    const { title, text } = explain(error);
    byId('notice-title').textContent = title;
    byId('notice-text').textContent = text;
  }

  setBadge(text, on) {
    const badge = byId('state');
    if (badge.textContent !== text) badge.textContent = text;
    badge.classList.toggle('on', on);
  }

  paintEvent() {
    if (!this.event) return;
    const fresh = this.events.find((entry) => entry.id === this.event.id);
    this.event = fresh ?? this.event;
    const live = Boolean(fresh?.live);
    this.setBadge(live ? 'Live' : `Stored · ${clock(this.event.duration)}`,
      live);
    byId('title').textContent = this.event.title;
    document.title = `${this.event.title} · VisionStream`;
    byId('url').textContent = this.endpoint.url;
    show(byId('address'), true);
    this.paintFormats();
  }

  paintFormats() {
    const tabs = byId('formats');
    const names = this.event.endpoints.map((entry) => entry.name).join();
    if (tabs.dataset.names !== names) {
      tabs.dataset.names = names;
      tabs.replaceChildren(...this.event.endpoints.map((entry) => {
        const tab = make('button',
          { type: 'button', textContent: entry.label });
        tab.setAttribute('role', 'radio');
        tab.dataset.name = entry.name;
        tab.addEventListener('click',
          () => this.choose(this.event.id, entry.name));
        return tab;
      }));
    }
    for (const tab of tabs.children) {
      tab.setAttribute('aria-checked',
        String(tab.dataset.name === this.endpoint.name));
    }
  }

  paint() {
    const { session, video } = this;
    if (!session) return;
    const span = session.engine.span();
    this.seekBar.update(span, video.currentTime, session.buffered());
    const live = byId('live');
    show(live, span.live);
    live.classList.toggle('edge', session.atLiveEdge());
    live.setAttribute('aria-label',
      session.atLiveEdge() ? 'Live' : 'Go live');
    byId('time').textContent = App.timeText(span, video.currentTime,
      session.atLiveEdge());
    byId('quality-label').textContent = this.qualityText();
    paintStats(video, session, Date.now() + this.clockOffset);
  }

  /** What was chosen, and for automatic also what that is just now. */
  qualityText() {
    const { label = 'Auto', value = null } = this.selected ?? {};
    const height = this.session.engine.playing()?.height;
    return value === null && height ? `${label} ${height}p` : label;
  }

  static timeText(span, time, atEdge) {
    if (span.live) return atEdge ? '' : `-${clock(span.end - time)}`;
    return `${clock(time - span.start)} / ${clock(span.end - span.start)}`;
  }
}

new App().run();
