// SPDX-License-Identifier: LGPL-2.1-or-later
// Numbers and times as people read them.

/** 75.2 -> "1:15", 3675 -> "1:01:15" */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const two = (n) => String(n).padStart(2, '0');
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}

/** bits a second -> "1.4 Mb/s" */
export function bitrate(bps) {
  if (!(bps > 0) || !Number.isFinite(bps)) return '–';
  if (bps < 1e6) return `${Math.round(bps / 1e3)} kb/s`;
  if (bps < 1e8) return `${(bps / 1e6).toFixed(1)} Mb/s`;
  return `${Math.round(bps / 1e6)} Mb/s`;
}

export function seconds(value) {
  return Number.isFinite(value) ? `${value.toFixed(1)} s` : '–';
}

/** bytes -> "1.4 GB" */
export function fileSize(bytes) {
  if (!(bytes >= 0)) return '–';
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** "2026-01-01T20:00:00Z" -> "1 Jan 2026, 20:00", as people here write it */
export function moment(text) {
  const date = new Date(text ?? '');
  return Number.isNaN(date.getTime()) ? '–' : date.toLocaleString([],
    { dateStyle: 'medium', timeStyle: 'short' });
}

/** ms since 1970 -> "20:00" */
export function timeOfDay(ms) {
  return new Date(ms).toLocaleString([], { timeStyle: 'short' });
}
