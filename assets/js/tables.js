// Lists: rows that lead somewhere, and the selection that bulk actions work on.
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
  bar.hidden = chosen.length === 0;
  $('[data-bulk-all]', bar).value = every ? '1' : '0';
  $('[data-bulk-count]', bar).textContent = every ? button.dataset.bulkEvery : new Intl.NumberFormat(document.documentElement.lang).format(chosen.length);
  if (button) button.hidden = every || chosen.length < picks.length;
  const head = $('[data-pick-all]', region);
  head.checked = chosen.length === picks.length;
  head.indeterminate = chosen.length > 0 && chosen.length < picks.length;
  for (const pick of picks) pick.closest('tr').classList.toggle('table-active', pick.checked);
}
