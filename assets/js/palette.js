// Ctrl+K or /: search everything. Single keys: g + letter jumps, ? lists them; they can be switched off (WCAG 2.1.4).
import htmx from './htmx.js';
import { $, $$, announce, make } from './dom.js';

const palette = $('#palette'), input = $('#palette-q'), list = $('#palette-list');
const singleKeys = () => document.documentElement.dataset.shortcuts !== 'off';
const typing = (target) => target instanceof Element && target.matches('input, textarea, select, [contenteditable]');
let jump = 0;

document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k' && palette) {
    event.preventDefault();
    open();
    return;
  }
  if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey || !singleKeys() || $('dialog[open]')) return;
  if (event.key === '/' && palette) { event.preventDefault(); open(); }
  else if (event.key === '?') $('#shortcuts')?.showModal();
  else if (event.key === 'g') jump = event.timeStamp;
  else if (jump && event.timeStamp - jump < 1200) {
    jump = 0;
    $(`a[data-key="g ${CSS.escape(event.key)}"]`)?.click();
  }
});

function open() {
  if (!palette.open) palette.showModal();
  input.select();
}

// The list of shortcuts is what the menu says, so that neither is written twice.
const keysOf = (link) => (link.dataset.key ?? '').split(' ').filter(Boolean).flatMap((key) => [make('kbd', {}, key.toUpperCase()), ' ']);
const keyList = $('#shortcuts dl');
keyList?.append(...$$('.shell > .nav-side [data-key]').map((link) => make('div', {}, make('dt', {}, $('.text-truncate', link).textContent), make('dd', {}, ...keysOf(link)))));

if (palette) {
  palette.addEventListener('toggle', () => { if (palette.open) htmx.trigger(input, 'palette-open'); });
  document.body.addEventListener('htmx:afterSwap', (event) => {
    if (event.detail.target !== list) return;
    here(input.value);
    select(0);
    announce(list.dataset.said.replace('{n}', options().length));
  });
  input.addEventListener('input', () => { $('[data-palette-all]').href = `/search?q=${encodeURIComponent(input.value)}`; });
  palette.addEventListener('keydown', (event) => {
    const all = options(), at = all.findIndex((item) => item.ariaSelected === 'true');
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      select((at + (event.key === 'ArrowDown' ? 1 : all.length - 1)) % all.length);
    } else if (event.key === 'Enter' && event.target === input) {
      event.preventDefault();
      go(all[at], event);
    }
  });
  list.addEventListener('click', (event) => {
    go(event.target.closest('[role=option]'), event);
  });
}

/** What the open page itself offers, where its words match: the links of its head. */
function here(query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const links = $$('#main header a[href]').filter((link) => words.every((word) => link.textContent.toLowerCase().includes(word)));
  if (!words.length || !links.length) return;
  const title = make('div', { className: 'gh', id: 'pg-here', role: 'presentation' }, list.dataset.here);
  list.append(make('div', { role: 'group', 'aria-labelledby': 'pg-here' }, title, ...links.slice(0, 5).map((link, index) => {
    const icon = $('svg', link)?.cloneNode(true) ?? '';
    const option = make('div', { id: `ph-${index}`, role: 'option', 'aria-selected': 'false' }, icon, make('span', { className: 'text-truncate' }, link.textContent.trim()));
    option.dataset.href = link.getAttribute('href');
    return option;
  })));
}

/** Options are no links (a listbox may hold nothing that takes focus), so they are followed by hand. */
function go(option, event) {
  const href = option?.dataset.href;
  if (!href) return;
  if (!('page' in option.dataset)) remember(href);
  if (event.ctrlKey || event.metaKey) window.open(href, '_blank', 'noopener');
  else location.assign(href);
}

/** For "Recent". The request outlives the page; nothing of it stays in this browser. */
function remember(path) {
  const headers = JSON.parse(document.body.getAttribute('hx-headers') ?? '{}');
  fetch('/search/opened', { method: 'POST', keepalive: true, headers, body: new URLSearchParams({ path }) }).catch(() => {});
}

const options = () => $$('[role=option]', list);

function select(index) {
  const all = options(), none = $('[data-palette-none]');
  if (none) none.hidden = all.length > 0 || !input.value.trim();
  all.forEach((item, position) => { item.ariaSelected = String(position === index); });
  if (!all[index]) { input.removeAttribute('aria-activedescendant'); return; }
  all[index].scrollIntoView({ block: 'nearest' });
  input.setAttribute('aria-activedescendant', all[index].id);
}
