// SPDX-License-Identifier: LGPL-2.1-or-later
// What went wrong, and what to do about it.

const MESSAGES = {
  origin: {
    title: 'The origin does not answer',
    text: 'Check that the chain is running and that this address is the one'
      + ' it printed. The page tries again by itself.',
  },
  empty: {
    title: 'Nothing is live or stored yet',
    text: 'Start a chain, for example pipelines/live, and this page plays it'
      + ' as soon as its first segment is complete.',
  },
  missing: {
    title: 'This stream is not there',
    text: 'It may have ended, or its first segment is not complete yet.'
      + ' Try again in a few seconds, or choose another format.',
  },
  network: {
    title: 'The stream cannot be loaded',
    text: 'Check the connection to the origin, then try again.',
  },
  media: {
    title: 'This browser cannot play the stream',
    text: 'Choose another format or quality. If none plays, the encoder may'
      + ' be using a profile that this device does not decode.',
  },
  unsupported: {
    title: 'This browser cannot play this format',
    text: 'It has no Media Source Extensions. Choose HLS, or use a newer'
      + ' browser.',
  },
};

/** @error: what an engine reported, or a key of MESSAGES */
export function explain(error) {
  if (typeof error === 'string') return MESSAGES[error];
  const gone = error.status === 404 || error.status === 410;
  const { title, text } = MESSAGES[gone ? 'missing' : error.kind]
    ?? MESSAGES.media;
  return { title, text: error.detail ? `${text} (${error.detail})` : text };
}
