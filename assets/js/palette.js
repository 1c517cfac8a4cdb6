// Ctrl+K or /: search everything. Single keys: g + letter jumps, ? lists them; they can be switched off (WCAG 2.1.4).
import { $, $$, make } from './dom.js';

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
  if (!list.children.length) pages('');
}

/** Pages of the menu whose words match, below what the server found. */
function pages(query) {
  list.querySelectorAll('[data-page]').forEach((item) => item.remove());
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = $$('.shell > .nav-side .nav-link').filter((link) => words.every((word) => label(link).toLowerCase().includes(word)));
  if (!found.length) return;
  const title = document.createElement('li');
  title.className = 'gh';
  title.setAttribute('role', 'presentation');
  title.dataset.page = '';
  title.textContent = $('[data-palette-pages-title]')?.textContent ?? '';
  list.append(title, ...found.slice(0, words.length ? 6 : 12).map((link, index) => {
    const keys = make('span', { className: 'end' }, ...keysOf(link));
    const option = make('li', { id: `pp-${index}`, role: 'option', 'aria-selected': 'false' }, $('svg', link).cloneNode(true), make('span', { className: 'text-truncate' }, label(link)), keys);
    Object.assign(option.dataset, { page: '', href: link.getAttribute('href') });
    return option;
  }));
}

const label = (link) => $('.text-truncate', link).textContent;
const keysOf = (link) => (link.dataset.key ?? '').split(' ').filter(Boolean).flatMap((key) => [make('kbd', {}, key.toUpperCase()), ' ']);

// The list of shortcuts is what the menu says, so that neither is written twice.
const keyList = $('#shortcuts dl');
keyList?.append(...$$('.shell > .nav-side [data-key]').map((link) => make('div', {}, make('dt', {}, label(link)), make('dd', {}, ...keysOf(link)))));

if (palette) {
  palette.addEventListener('toggle', () => { if (palette.open) pages(input.value); });
  input.addEventListener('input', () => {
    if (!input.value.trim()) list.replaceChildren();
    pages(input.value);
    select(0);
  });
  document.body.addEventListener('htmx:afterSwap', (event) => {
    if (event.detail.target !== list) return;
    pages(input.value);
    select(0);
  });
  palette.addEventListener('keydown', (event) => {
    const all = options(), here = all.findIndex((item) => item.ariaSelected === 'true');
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      select((here + (event.key === 'ArrowDown' ? 1 : all.length - 1)) % all.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      go(all[here], event);
    }
  });
  list.addEventListener('click', (event) => {
    go(event.target.closest('[role=option]'), event);
  });
}

/** Options are no links (a listbox may hold nothing that takes focus), so they are followed by hand. */
function go(option, event) {
  const href = option?.dataset.href;
  if (!href) return;
  if (event.ctrlKey || event.metaKey) window.open(href, '_blank', 'noopener');
  else location.assign(href);
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
