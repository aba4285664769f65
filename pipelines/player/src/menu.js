// SPDX-License-Identifier: LGPL-2.1-or-later
import { icon, make, show } from './dom.js';

/** A button with a pop-up list of which one item is checked. */
export class Menu {
  constructor(button, popup, onSelect) {
    this.button = button;
    this.popup = popup;
    this.onSelect = onSelect;
    button.addEventListener('click', () => this.toggle());
    popup.addEventListener('keydown', (event) => this.key(event));
    document.addEventListener('pointerdown', (event) => {
      if (!popup.contains(event.target) && !button.contains(event.target)) {
        this.toggle(false);
      }
    });
  }

  get open() {
    return !this.popup.hidden;
  }

  toggle(open = !this.open) {
    if (open === this.open) return;
    show(this.popup, open);
    this.button.setAttribute('aria-expanded', String(open));
    if (open) {
      this.popup.querySelector('[aria-checked=true]')?.focus();
    } else if (this.popup.contains(document.activeElement)) {
      this.button.focus();
    }
  }

  /** @items: [{value, label, detail}] */
  fill(items, checked) {
    this.popup.replaceChildren(...items.map((item) => {
      const entry = make('button', { type: 'button', tabIndex: -1 },
        icon('check'), make('span', { textContent: item.label }),
        make('small', { textContent: item.detail ?? '' }));
      entry.setAttribute('role', 'menuitemradio');
      entry.setAttribute('aria-checked', String(item.value === checked));
      entry.addEventListener('click', () => {
        this.toggle(false);
        this.onSelect(item.value);
      });
      return entry;
    }));
  }

  key(event) {
    const entries = [...this.popup.children];
    const at = entries.indexOf(document.activeElement);
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      const next = at + steps[event.key] + entries.length;
      entries[next % entries.length].focus();
    } else if (event.key === 'Home') {
      entries[0].focus();
    } else if (event.key === 'End') {
      entries.at(-1).focus();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      this.toggle(false);
    } else {
      return;
    }
    if (event.key !== 'Tab') event.preventDefault();
    event.stopPropagation();
  }
}
