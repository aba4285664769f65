// SPDX-License-Identifier: LGPL-2.1-or-later
// What the origin does for a viewer of an account: it lists, and it signs.
// Who the viewer is goes with each request and is kept in memory alone.

/** @kind: a key of the page's messages; @text: what the origin said */
export class AccountError extends Error {
  constructor(kind, text = '') {
    super(text || kind);
    this.kind = kind;
    this.text = text;
  }
}

const KINDS = {
  401: 'credentials', 403: 'forbidden', 404: 'unsupported', 503: 'busy',
};

function basic(user, password) {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

async function errorOf(response) {
  const kind = KINDS[response.status] ?? 'trouble';
  try {
    return new AccountError(kind, String((await response.json()).error ?? ''));
  } catch {
    return new AccountError(kind);
  }
}

export class Account {
  #authorization;

  constructor(name, user, password) {
    this.name = name;
    this.user = user;
    this.#authorization = basic(user, password);
  }

  async #ask(path, options = {}) {
    let response;
    try {
      response = await fetch(path, {
        ...options,
        headers: { ...options.headers, Authorization: this.#authorization },
        // the browser is to add nothing, and to ask nobody
        credentials: 'omit',
        cache: 'no-store',
        redirect: 'error',
      });
    } catch {
      throw new AccountError('away');
    }
    if (!response.ok) throw await errorOf(response);
    try {
      return { answer: await response.json(), response };
    } catch {
      throw new AccountError('trouble');
    }
  }

  /** Resolves to {recordings, media, truncated}, the newest first. */
  async list() {
    const { answer } = await this.#ask(
      `v1/vod/${encodeURIComponent(this.name)}`);
    return {
      recordings: answer.recordings ?? [],
      media: answer.media ?? [],
      truncated: Boolean(answer.truncated),
    };
  }

  /** Resolves to {url, seconds}: for how long it is valid from now on. */
  async sign(path) {
    const { answer, response } = await this.#ask('v1/sign', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ path, account: this.name }),
    });
    // by the origin's clock: this one may be wrong
    const now = Date.parse(response.headers.get('date')) || Date.now();
    return { url: String(answer.url), seconds: answer.expires - now / 1000 };
  }
}
