// Theme and density are this browser's own business: kept in it, applied at once. Shortcuts are the person's, in every browser.
import { $$, on, store } from './dom.js';

const root = document.documentElement;
const settings = { theme: 'data-bs-theme', density: 'data-density' };

for (const [name, attribute] of Object.entries(settings)) {
  on('click', `[data-set-${name}]`, (_event, button) => {
    const value = button.getAttribute(`data-set-${name}`);
    root.setAttribute(attribute, value);
    store.set(name, value);
    press();
  });
}
on('change', '[data-set-shortcuts]', (_event, box) => {
  const value = box.checked ? 'on' : 'off';
  root.dataset.shortcuts = value;
  const headers = JSON.parse(document.body.getAttribute('hx-headers') ?? '{}');
  fetch('/profile/shortcuts', { method: 'POST', keepalive: true, headers, body: new URLSearchParams({ wanted: value }) }).catch(() => {});
});

function press() {
  for (const [name, attribute] of Object.entries(settings)) {
    for (const button of $$(`[data-set-${name}]`)) {
      button.setAttribute('aria-pressed', String(button.getAttribute(`data-set-${name}`) === root.getAttribute(attribute)));
    }
  }
  for (const box of $$('[data-set-shortcuts]')) box.checked = root.dataset.shortcuts !== 'off';
}
press();
// What htmx brings in anew does not know yet.
document.addEventListener('htmx:afterSettle', press);
