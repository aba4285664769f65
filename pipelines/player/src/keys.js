// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * Keyboard shortcuts of the whole page. A focused button, list or slider
 * keeps the keys that it uses itself.
 */
export function bindKeys(actions) {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey
        || event.altKey || document.querySelector('dialog[open]')) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = actions[key];
    if (!action || ownKey(event.target, key)) return;
    event.preventDefault();
    // held down, a key that switches would switch back and forth
    if (!event.repeat || key.startsWith('Arrow')) action();
  });
}

function ownKey(target, key) {
  if (target.matches('select, input:not([type=range])')) return true;
  if (target.matches('button')) return key === ' ';
  return target.matches('input[type=range]')
    && ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home']
      .includes(key);
}
