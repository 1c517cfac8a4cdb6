// Copy buttons, toasts, logs that follow, tabs by arrow keys.
import { $, $$, announce, on } from './dom.js';

on('click', '[data-copy]', (_event, button) => {
  navigator.clipboard?.writeText(button.dataset.copy).then(() => {
    announce(button.dataset.said);
    const use = $('use', button), href = use.getAttribute('href');
    use.setAttribute('href', href.replace(/#.*/, '#check'));
    setTimeout(() => use.setAttribute('href', href), 1500);
  });
});

on('click', '[data-print]', () => print());

const TOAST_TIME = 6000;
function expire(toast) {
  let timer = setTimeout(() => toast.remove(), TOAST_TIME);
  toast.addEventListener('pointerenter', () => clearTimeout(timer));
  toast.addEventListener('focusin', () => clearTimeout(timer));
  toast.addEventListener('pointerleave', () => { timer = setTimeout(() => toast.remove(), TOAST_TIME / 2); });
}
$$('[data-toast]').forEach(expire);
new MutationObserver((changes) => {
  for (const node of changes.flatMap((change) => [...change.addedNodes])) if (node instanceof Element && node.matches('[data-toast]')) expire(node);
}).observe(document.body, { childList: true, subtree: true });
on('click', '[data-dismiss]', (_event, button) => button.closest('[data-toast]')?.remove());

// Logs: stay at the end while "follow" is on; scrolling up switches it off.
const follows = (card) => $('[data-log-follow]', card)?.getAttribute('aria-pressed') === 'true';
const toEnd = (card) => { const log = $('.log', card); if (log) log.scrollTop = log.scrollHeight; };
$$('[data-log]').forEach((card) => { if (follows(card)) toEnd(card); });
document.body.addEventListener('htmx:sseMessage', (event) => {
  const card = event.target.closest?.('[data-log]');
  if (card && follows(card)) toEnd(card);
});
on('click', '[data-log-follow]', (_event, button) => {
  const now = button.getAttribute('aria-pressed') !== 'true';
  button.setAttribute('aria-pressed', String(now));
  if (now) toEnd(button.closest('[data-log]'));
});
document.addEventListener('wheel', (event) => {
  const card = event.target.closest?.('[data-log]');
  if (card && event.deltaY < 0) $('[data-log-follow]', card)?.setAttribute('aria-pressed', 'false');
}, { passive: true });
on('click', '[data-log-level]', (event, button) => {
  event.preventDefault();
  const card = button.closest('[data-log]');
  for (const other of $$('[data-log-level]', card)) {
    const chosen = other === button;
    if (other.tagName === 'A') other.toggleAttribute('aria-current', chosen);
    else other.setAttribute('aria-pressed', String(chosen));
    other.classList.toggle('active', chosen);
  }
  $('.log', card).dataset.only = button.dataset.logLevel;
});

// Problems that come while one looks count; the server has counted those before, also lines too old to be on the page.
const problems = (card) => $$('.lv-w, .lv-e', card).length;
const earlier = new Map($$('[data-log]').map((card) => [card, Number($('[data-count]', card)?.dataset.count ?? 0) - problems(card)]));
document.body.addEventListener('htmx:sseMessage', (event) => {
  const card = event.target.closest?.('[data-log]'), level = card && $('[data-count]', card), count = level && earlier.get(card) + problems(card);
  if (count) level.textContent = `${level.dataset.word} ${count}`;
});

// What is typed hides the lines of the page that lack it, those that are still to come too; Enter asks the server for the whole log.
function find(card, speak = false) {
  const box = $('[data-log-find]', card), words = box?.value.trim().toLowerCase() ?? '';
  let shown = 0;
  for (const line of $$('.ln', card)) {
    line.hidden = words !== '' && !line.textContent.toLowerCase().includes(words);
    shown += line.hidden ? 0 : 1;
  }
  $('.log', card).classList.toggle('unmatched', shown === 0 && words !== '');
  if (speak && words) announce(box.dataset.said.replace('{n}', String(shown)));
  if (follows(card)) toEnd(card);
}
on('input', '[data-log-find]', (_event, box) => find(box.closest('[data-log]'), true));
document.body.addEventListener('htmx:sseMessage', (event) => {
  const card = event.target.closest?.('[data-log]');
  if (card && $('[data-log-find]', card)?.value) find(card);
});

// Clocks of what is at work.
setInterval(() => {
  if (document.hidden) return;
  for (const clock of $$('[data-since]')) {
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(clock.dataset.since)) / 1000));
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    clock.textContent = (parts[0] ? parts : parts.slice(1)).map((part, place) => (place ? String(part).padStart(2, '0') : String(part))).join(':');
  }
}, 1000);

// Arrow keys walk a row of tabs; they stay links, each with its own address.
on('keydown', '.nav-bordered .nav-link', (event, link) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = $$('.nav-link', link.closest('.nav-bordered'));
  all.at((all.indexOf(link) + step) % all.length).focus();
});
$$('.nav-bordered .nav-link.active').forEach((link) => link.scrollIntoView({ block: 'nearest', inline: 'center' }));

// Arrow keys walk a tree: up and down along it, into a branch and back to what it hangs from.
on('keydown', '[data-tree] a', (event, link) => {
  const all = $$('a', link.closest('[data-tree]')), item = link.closest('li');
  const to = {
    ArrowDown: () => all[all.indexOf(link) + 1],
    ArrowUp: () => all[all.indexOf(link) - 1],
    ArrowRight: () => $('ul a', item),
    ArrowLeft: () => $('a', item.parentElement.closest('li') ?? item),
    Home: () => all[0],
    End: () => all.at(-1),
  }[event.key];
  if (!to) return;
  event.preventDefault();
  to()?.focus();
});

// What scrolls sideways must be reachable by keyboard; what fits needs no stop.
function reachable() {
  for (const box of $$('.table-responsive, .code')) {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else box.removeAttribute('tabindex');
  }
}
reachable();
addEventListener('resize', reachable);
document.body.addEventListener('htmx:afterSettle', reachable);
