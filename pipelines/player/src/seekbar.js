// SPDX-License-Identifier: LGPL-2.1-or-later
import { clock } from './format.js';
import { show } from './dom.js';

/**
 * The seek bar over what can be seeked to: a finished stream whole, a live
 * one from the start of its DVR window to the live edge. It stands still
 * while it is dragged.
 */
export class SeekBar {
  constructor(input, tip, onSeek) {
    this.input = input;
    this.tip = tip;
    this.span = { start: 0, end: 0, live: false };
    this.dragging = false;
    input.addEventListener('input', () => {
      this.dragging = true;
      this.paint();
    });
    input.addEventListener('change', () => {
      this.dragging = false;
      onSeek(this.span.start + Number(input.value));
    });
    input.addEventListener('pointermove', (event) => this.hover(event));
    input.addEventListener('pointerleave', () => show(tip, false));
  }

  get length() {
    return Math.max(0, this.span.end - this.span.start);
  }

  update(span, time, buffered) {
    if (this.dragging) return;
    this.span = span;
    this.loaded = time + buffered - span.start;
    this.input.disabled = this.length === 0;
    this.input.max = String(this.length || 1);
    this.input.value = String(time - span.start);
    this.paint();
  }

  paint() {
    const { style, value } = this.input;
    const share = (part) => `${Math.min(100, part / (this.length || 1) * 100)}%`;
    style.setProperty('--at', share(Number(value)));
    style.setProperty('--loaded', share(Math.max(this.loaded, Number(value))));
    this.input.setAttribute('aria-valuetext', this.text(Number(value)));
  }

  /** @offset: s from the start of the bar */
  text(offset) {
    return this.span.live
      ? `${clock(this.length - offset)} behind live` : clock(offset);
  }

  hover(event) {
    const box = this.input.getBoundingClientRect();
    const share = Math.min(1, Math.max(0,
      (event.clientX - box.left) / box.width));
    const offset = share * this.length;
    this.tip.textContent = this.span.live
      ? `-${clock(this.length - offset)}` : clock(offset);
    this.tip.style.left = `${event.clientX - box.left + this.input.offsetLeft}px`;
    show(this.tip, this.length > 0);
  }
}
