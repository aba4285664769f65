// SPDX-License-Identifier: LGPL-2.1-or-later
// XML elements as the readers of manifests want them.

import { DOMParser } from '@xmldom/xmldom';

class Element {
  constructor(node) {
    this.node = node;
    this.name = node.localName;
  }

  has(name) {
    return this.node.hasAttribute(name);
  }

  /** null: there is none */
  get(name) {
    return this.has(name) ? this.node.getAttribute(name) : null;
  }

  all(name) {
    return Array.from(this.node.childNodes)
      .filter(({ nodeType, localName }) => nodeType === 1
        && localName === name)
      .map(node => new Element(node));
  }

  one(name) {
    return this.all(name)[0] ?? null;
  }

  get text() {
    return this.node.textContent.trim();
  }
}

export function parseXml(text) {
  const complain = (message) => { throw new Error(String(message)); };
  const parser = new DOMParser({ errorHandler: { warning: complain,
    error: complain, fatalError: complain } });
  const document = parser.parseFromString(text, 'text/xml');
  if (!document?.documentElement) throw new Error('no element');
  return new Element(document.documentElement);
}

const DURATION = new RegExp('^(-)?P(?:(\\d+)Y)?(?:(\\d+)M)?(?:(\\d+)D)?'
  + '(?:T(?:(\\d+)H)?(?:(\\d+)M)?(?:(\\d+(?:\\.\\d+)?)S)?)?$');

/** xs:duration; null for none. A year and a month have no length in seconds:
 * they are taken as 365 and 30 days. */
export function seconds(text) {
  if (text === null || text === undefined) return null;
  const match = DURATION.exec(text);
  if (!match) throw new Error(`duration '${text}'`);
  const [, sign, ...parts] = match;
  const sizes = [365 * 86400, 30 * 86400, 86400, 3600, 60, 1];
  const sum = parts.reduce((total, part, i) =>
    total + Number(part ?? 0) * sizes[i], 0);
  return sign ? -sum : sum;
}
