// SPDX-License-Identifier: LGPL-2.1-or-later
// The page of what an account has on demand: its viewer logs in, sees what
// there is, and plays it.
import { Account } from './account.js';
import { byId, copy, icon, make, show } from './dom.js';
import { Film } from './film.js';
import { fileSize, moment, timeOfDay } from './format.js';

// how often the origin is asked what there is
const LIST_MS = 15000;
// from so many files on they can be searched
const SEARCHABLE = 9;

const MESSAGES = {
  credentials: 'Account, user or password is wrong.',
  forbidden: 'The origin refuses this.',
  insecure: 'This page takes passwords over https alone: open it by its'
    + ' https address.',
  unsupported: 'This origin has no accounts. Start pipelines/vod, or give'
    + ' vsjitpackager a settings file by its property key-groups.',
  busy: 'The origin is busy. Try again in a moment.',
  away: 'The origin does not answer. Check the connection, and that it is'
    + ' running.',
  trouble: 'The origin has a problem just now. Try again in a moment.',
  file: 'The file can’t be loaded: it may have been removed, or the origin'
    + ' is away.',
  media: 'This browser can’t play the file.',
};

/** @error: an AccountError, a MediaError or a key of MESSAGES */
function explain(error) {
  if (typeof error === 'string') return MESSAGES[error];
  if (error instanceof MediaError) {
    return MESSAGES[error.code === MediaError.MEDIA_ERR_DECODE
      ? 'media' : 'file'];
  }
  const text = MESSAGES[error.kind] ?? MESSAGES.trouble;
  // what the origin says of these is for whoever runs it
  if (error.kind === 'unsupported' && error.text) return error.text;
  const said = error.kind === 'forbidden' || error.kind === 'trouble';
  return said && error.text ? `${text} ${error.text}` : text;
}

function complain(element, error) {
  show(element, Boolean(error));
  element.textContent = error ? explain(error) : '';
}

class App {
  constructor() {
    this.groups = [];
    this.wire();
    if (location.protocol !== 'https:') {
      byId('log-in').disabled = true;
      complain(byId('login-trouble'), 'insecure');
    }
  }

  wire() {
    byId('login').addEventListener('submit', (event) => {
      event.preventDefault();
      this.logIn();
    });
    byId('log-out').addEventListener('click', () => this.logOut());
    byId('again').addEventListener('click', () => this.refresh());
    byId('search').addEventListener('input', () => this.paintGroups());
    byId('copy').addEventListener('click', () => App.copyAddress());
    byId('notice-retry').addEventListener('click', () => this.play(this.file));
    byId('groups').addEventListener('keydown', (event) => App.step(event));
    setInterval(() => {
      if (!document.hidden) this.refresh();
    }, LIST_MS);
  }

  /* who looks */

  static checkForm(inputs) {
    for (const input of inputs) {
      input.setAttribute('aria-invalid', String(!input.value));
    }
    const empty = inputs.find((input) => !input.value);
    empty?.focus();
    return !empty;
  }

  async logIn() {
    const inputs = ['account', 'user', 'password'].map(byId);
    if (byId('log-in').disabled || !App.checkForm(inputs)) return;
    const account = new Account(...inputs.map((input) => input.value));
    byId('log-in').disabled = true;
    complain(byId('login-trouble'), null);
    try {
      this.show(await account.list());
      this.account = account;
      this.enter();
    } catch (error) {
      complain(byId('login-trouble'), error);
      byId('password').select();
    } finally {
      byId('log-in').disabled = false;
    }
  }

  enter() {
    byId('password').value = '';
    byId('who').textContent = `${this.account.name} · ${this.account.user}`;
    this.paintInside(true);
    byId('library-title').setAttribute('tabindex', '-1');
    byId('library-title').focus();
  }

  logOut(error = null) {
    this.film?.close();
    this.film = null;
    this.file = null;
    this.account = null;
    this.groups = [];
    byId('who').textContent = '';
    byId('search').value = '';
    byId('url').textContent = '';
    show(byId('player'), false);
    byId('groups').replaceChildren();
    this.paintInside(false);
    complain(byId('login-trouble'), error);
    byId('password').focus();
  }

  paintInside(inside) {
    show(byId('login'), !inside);
    show(byId('inside'), inside);
    show(byId('log-out'), inside);
  }

  /* what there is */

  async refresh() {
    const { account } = this;
    if (!account) return;
    try {
      const list = await account.list();
      if (account !== this.account) return;
      this.show(list);
      complain(byId('library-trouble'), null);
    } catch (error) {
      if (account !== this.account) return;
      // a viewer who was taken out of the file is out
      if (error.kind === 'credentials') this.logOut(error);
      else complain(byId('library-trouble'), error);
    }
  }

  show({ recordings, media, truncated }) {
    const place = (file) => [file.event, file.breakout]
      .filter(Boolean).join(' · ');
    const entries = (files) => files.map((file) => ({
      ...file, place: place(file), title: file.name.replace(/\.mp4$/, ''),
    }));
    this.groups = [
      { title: 'Recordings', files: entries(recordings) },
      { title: 'Media', files: entries(media) },
    ].filter((group) => group.files.length > 0);
    this.truncated = truncated;
    this.paintGroups();
  }

  paintGroups() {
    const count = this.groups
      .reduce((sum, group) => sum + group.files.length, 0);
    show(byId('search-box'), count >= SEARCHABLE);
    const words = count >= SEARCHABLE
      ? byId('search').value.toLowerCase().split(/\s+/).filter(Boolean) : [];
    const fits = (file) => words.every((word) =>
      `${file.place} ${file.name}`.toLowerCase().includes(word));
    const groups = this.groups
      .map((group) => ({ ...group, files: group.files.filter(fits) }))
      .filter((group) => group.files.length > 0);
    this.paintEmpty(count, groups.length);
    // the same list is left as it is: somebody may be about to choose
    const state = JSON.stringify([groups, this.truncated]);
    if (state !== this.painted || byId('groups').childElementCount === 0) {
      this.painted = state;
      this.replaceGroups(groups);
    }
    this.paintCurrent();
  }

  replaceGroups(groups) {
    const list = byId('groups');
    const focused = list.contains(document.activeElement)
      ? document.activeElement.dataset.url : null;
    list.replaceChildren(...groups.flatMap((group) => this.makeGroup(group)));
    if (this.truncated) {
      list.append(make('p', { className: 'hint',
        textContent: 'The oldest ones are not listed.' }));
    }
    [...list.querySelectorAll('button')]
      .find((button) => button.dataset.url === focused)?.focus();
  }

  paintEmpty(count, shown) {
    const text = count === 0
      ? 'Nothing is recorded yet. What vssegmentstore recording=mp4 has'
        + ' finished, and MP4 files in the folder media, are listed here.'
      : 'Nothing is called so.';
    const empty = byId('empty');
    show(empty, shown === 0);
    if (empty.textContent !== text) empty.textContent = text;
  }

  makeGroup(group) {
    const list = make('ul', { className: 'files' },
      ...group.files.map((file) => make('li', {}, this.makeFile(file))));
    return [make('h2', { textContent: group.title }), list];
  }

  makeFile(file) {
    const time = make('time', { dateTime: file.modified ?? '',
      textContent: moment(file.modified) });
    const size = make('data', { value: String(file.size),
      textContent: fileSize(file.size) });
    const name = make('span', {}, make('b', { textContent: file.title }),
      make('small', { textContent: file.place || 'media' }));
    const button = make('button', { type: 'button', title: file.name },
      icon('play'), name, time, size);
    button.dataset.url = file.url;
    button.addEventListener('click', () => this.play(file));
    return button;
  }

  paintCurrent() {
    for (const button of byId('groups').querySelectorAll('button')) {
      button.setAttribute('aria-current',
        String(button.dataset.url === this.file?.url));
    }
  }

  /** Up and down go from file to file. */
  static step(event) {
    const offset = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const buttons = [...byId('groups').querySelectorAll('button')];
    const at = buttons.indexOf(event.target);
    if (!offset || at < 0 || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    event.preventDefault();
    buttons[at + offset]?.focus();
  }

  /* what plays */

  async play(file) {
    this.film?.close();
    this.file = file;
    this.notify(null);
    show(byId('player'), true);
    byId('title').textContent = [file.place, file.title]
      .filter(Boolean).join(' · ');
    byId('url').textContent = '';
    byId('until').textContent = '';
    this.paintCurrent();
    this.film = new Film(byId('video'), this.account, file, {
      address: (address) => App.paintAddress(address),
      loading: (loading) => show(byId('spinner'), loading),
      error: (error) => this.fail(error),
    });
    byId('player').scrollIntoView({ block: 'nearest' });
    await this.film.start();
  }

  fail(error) {
    if (error.kind === 'credentials') this.logOut(error);
    else this.notify(error);
  }

  notify(error) {
    show(byId('notice'), Boolean(error));
    show(byId('spinner'), false);
    byId('notice-title').textContent = error ? 'It does not play' : '';
    byId('notice-text').textContent = error ? explain(error) : '';
  }

  static paintAddress({ url, seconds }) {
    byId('url').textContent = url;
    byId('until').textContent = 'Whoever has this address may play it until '
      + `${timeOfDay(Date.now() + seconds * 1000)}.`;
  }

  static async copyAddress() {
    await copy(byId('url'));
    const use = byId('copy').querySelector('use');
    use.setAttribute('href', '#i-check');
    setTimeout(() => use.setAttribute('href', '#i-copy'), 1500);
  }
}

new App();
