// SPDX-License-Identifier: LGPL-2.1-or-later
// What is live and stored, as the origin tells it at /api/events.

// in the order in which they are offered
const FORMATS = {
  hls: { label: 'HLS', engine: 'hls' },
  cmaf: { label: 'HLS CMAF', engine: 'hls' },
  dash: { label: 'DASH', engine: 'dash' },
};

const ORDER = Object.keys(FORMATS);

/** An event's identity as one string: account/event[/breakout]. */
function eventId(entry) {
  return [entry.account, entry.event, entry.breakout]
    .filter(Boolean).join('/');
}

function title(entry) {
  const name = [entry.event, entry.breakout].filter(Boolean).join(' · ');
  return entry.account === 'default' ? name : `${entry.account} · ${name}`;
}

function endpoints(entry) {
  return (entry.endpoints ?? [])
    .filter((endpoint) => FORMATS[endpoint.type])
    .sort((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type))
    .map((endpoint) => ({
      name: String(endpoint.name),
      // two endpoints of one type are told apart by their names
      label: endpoint.name === endpoint.type
        ? FORMATS[endpoint.type].label : String(endpoint.name),
      engine: FORMATS[endpoint.type].engine,
      url: new URL(endpoint.url, document.baseURI).href,
    }))
    // only this origin is ever asked
    .filter((endpoint) => new URL(endpoint.url).origin === location.origin);
}

// the origin answers those alone who have a signed URL, or an account
export class Closed extends Error {}

/**
 * Resolves to {events, clockOffset}: the events, live ones first, and how
 * far the server's clock is ahead of this one in ms (0 below the Date
 * header's own precision).
 */
export async function fetchCatalog() {
  const response = await fetch('api/events', { cache: 'no-store' });
  if (response.status === 403) throw new Closed();
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const ahead = Date.parse(response.headers.get('date')) - Date.now();
  const list = (await response.json()).events ?? [];
  const events = list
    .map((entry) => ({
      id: eventId(entry),
      title: title(entry),
      live: Boolean(entry.live),
      duration: Number(entry.duration) || 0,
      endpoints: endpoints(entry),
    }))
    .filter((entry) => entry.endpoints.length > 0)
    .sort((a, b) => b.live - a.live || a.id.localeCompare(b.id));
  return { events, clockOffset: Math.abs(ahead) > 2000 ? ahead : 0 };
}
