// Lists: rows that lead somewhere, keys to walk them by, and the selection that bulk actions work on.
import htmx from './htmx.js';
import { $, $$, on } from './dom.js';

on('click', 'tr[data-href]', (event, row) => {
  if (event.target.closest('a, button, input, label, select, summary, [popover]') || String(getSelection())) return;
  if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, '_blank', 'noopener');
  else location.assign(row.dataset.href);
});

on('change', '[data-pick-all]', (_event, box) => {
  const region = box.closest('.table-region');
  $$('[data-pick]', region).forEach((pick) => { pick.checked = box.checked; });
  show(region);
});
on('change', '[data-pick]', (_event, pick) => show(pick.closest('.table-region')));
on('click', '[data-bulk-clear]', (_event, button) => {
  const region = button.closest('.table-region');
  $$('[data-pick], [data-pick-all]', region).forEach((pick) => { pick.checked = false; });
  show(region);
});
on('click', '[data-bulk-every]', (_event, button) => {
  const region = button.closest('.table-region');
  $$('[data-pick]', region).forEach((pick) => { pick.checked = true; });
  show(region, true);
});

function show(region, every = false) {
  const bar = $('[data-bulk]', region);
  if (!bar) return;
  const picks = $$('[data-pick]', region), chosen = picks.filter((pick) => pick.checked), button = $('[data-bulk-every]', bar);
  bar.toggleAttribute('data-none', chosen.length === 0);
  $('[data-bulk-all]', bar).value = every ? '1' : '0';
  $('[data-bulk-count]', bar).textContent = every ? button.dataset.bulkEvery : new Intl.NumberFormat(document.documentElement.lang).format(chosen.length);
  if (button) button.hidden = every || chosen.length < picks.length;
  const head = $('[data-pick-all]', region);
  head.checked = chosen.length === picks.length;
  head.indeterminate = chosen.length > 0 && chosen.length < picks.length;
  for (const pick of picks) pick.closest('tr').classList.toggle('table-active', pick.checked);
}

// J and K walk the rows, Enter opens the one at hand, X ticks it. The row's own link or box has the focus, so a screen reader
// follows; the keys rest in fields and menus, and whoever switched single keys off.
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (document.documentElement.dataset.shortcuts === 'off' || !['j', 'k', 'x', 'Enter'].includes(event.key)) return;
  const at = document.activeElement;
  if (at?.closest('input:not([data-pick]), textarea, select, [contenteditable], dialog, [popover]')) return;
  const here = at?.closest('.table-region tbody tr');
  if (event.key === 'Enter') {
    // A link does it by itself.
    if (at?.matches('[data-pick]') && here?.dataset.href) { event.preventDefault(); location.assign(here.dataset.href); }
    return;
  }
  const region = here?.closest('.table-region') ?? $('.table-region');
  const rows = $$('tbody tr', region ?? document.createElement('div'));
  if (!rows.length) return;
  if (event.key === 'x') {
    const pick = here && $('[data-pick]', here);
    if (pick) { event.preventDefault(); pick.checked = !pick.checked; show(region); }
    return;
  }
  const next = here ? rows.indexOf(here) + (event.key === 'j' ? 1 : -1) : event.key === 'j' ? 0 : rows.length - 1;
  const row = rows[next];
  if (!row) return;
  event.preventDefault();
  const target = $('.lead a', row) ?? $('a', row) ?? $('[data-pick]', row);
  if (!target) { row.tabIndex = -1; row.focus(); } else target.focus();
  row.scrollIntoView({ block: 'nearest' });
});

// A live list is fetched anew where it stands, unless somebody reads, picks or types in it.
const REFRESH = 5000;
$$('[data-refresh]').forEach((button) => { button.hidden = false; });
on('click', '[data-refresh]', (_event, button) => {
  button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') !== 'true'));
});
const inUse = (region) => region.contains(document.activeElement) || String(getSelection()) !== ''
  || $('[data-pick]:checked, [popover]:popover-open', region) !== null;
setInterval(() => {
  if (document.hidden) return;
  for (const button of $$('[data-refresh][aria-pressed=true]')) {
    const part = `#${button.dataset.refresh}`, region = $(part);
    if (region && !inUse(region)) htmx.ajax('GET', location.href, { target: part, select: part, swap: 'outerHTML show:none' });
  }
}, REFRESH);

// A list that fits its card scrolls with the page, so that its head can stay in sight; a wider one scrolls sideways by itself.
const fit = () => $$('.table-region .table-responsive').forEach((box) => {
  box.classList.remove('fits');
  box.classList.toggle('fits', box.scrollWidth <= box.clientWidth + 1);
});
fit();
addEventListener('resize', fit);
document.addEventListener('htmx:afterSettle', fit);
