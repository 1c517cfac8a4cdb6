// Charts that the server drew: values under the pointer and by arrow keys, and series that a click leaves out. The figures are
// those of the chart's table, so nothing is formatted twice.
const $ = (selector, root) => root.querySelector(selector);
const $$ = (selector, root) => [...root.querySelectorAll(selector)];
const TALL = 1000, SIDE = 0.18, GAP = 12;
const at = new WeakMap();
const percent = new Intl.NumberFormat(document.documentElement.lang, { style: 'percent', maximumFractionDigits: 1 });

const isShown = (button) => button.getAttribute('aria-pressed') === 'true';
const mirrored = (element) => getComputedStyle(element).direction === 'rtl';
const rowsOf = (figure) => $$('[data-view=table] tbody tr', figure);

/** What is shown of one point: its name, and swatch, label and value of each series. */
function said(figure, index) {
  const cells = [...rowsOf(figure)[index].cells].map((cell) => cell.textContent), heads = $$('[data-view=table] thead th', figure);
  const buttons = $$('[data-series]', figure);
  const series = buttons.length ? buttons.filter(isShown).map((button) => [Number(button.dataset.series) + 1, $('.sw', button)]) : [[1, null]];
  return { name: cells[0], lines: series.map(([column, swatch]) => [swatch, heads[column].textContent, cells[column]]) };
}

function tip(home, { name, lines }) {
  let box = $('.tip', home);
  if (!box) home.append((box = Object.assign(document.createElement('div'), { className: 'tip' })));
  box.replaceChildren(Object.assign(document.createElement('b'), { textContent: name }), ...lines.map(([swatch, label, value]) => {
    const line = document.createElement('div'), figure = Object.assign(document.createElement('span'), { className: 'n', textContent: value });
    line.append(swatch?.cloneNode() ?? '', label, figure);
    return line;
  }));
  return box;
}

function show(area, index) {
  const figure = area.closest('[data-figure]'), count = Number(area.dataset.points), known = at.get(figure);
  if (index === known && $('.tip', area)) return;
  at.set(figure, index);
  const band = $('.at', area), told = said(figure, index), box = tip(area, told);
  band.style.cssText = `display: block; inset-inline-start: ${(index / count) * 100}%; width: ${100 / count}%`;
  const part = (index + 0.5) / count, middle = (mirrored(area) ? 1 - part : part) * area.clientWidth;
  const beside = middle + GAP + box.offsetWidth > area.clientWidth ? middle - GAP - box.offsetWidth : middle + GAP;
  box.style.transform = `translateX(${Math.max(0, Math.min(beside, area.clientWidth - box.offsetWidth))}px)`;
}

function hide(area) {
  at.delete(area.closest('[data-figure]'));
  $('.at', area).style.display = 'none';
  $('.tip', area)?.remove();
}

function pointed(event) {
  const area = event.target.closest?.('.plot .area');
  for (const other of $$('.plot .area:has(.tip)', document)) if (other !== area && !other.parentElement.contains(document.activeElement)) hide(other);
  if (!area) return;
  const box = area.getBoundingClientRect(), part = (event.clientX - box.left) / box.width, count = Number(area.dataset.points);
  show(area, Math.max(0, Math.min(count - 1, Math.floor((mirrored(area) ? 1 - part : part) * count))));
}
for (const type of ['pointermove', 'pointerdown']) document.addEventListener(type, pointed);
document.addEventListener('focusout', (event) => { if (event.target.matches?.('.plot')) hide($('.area', event.target)); });

document.addEventListener('keydown', (event) => {
  const plot = event.target;
  if (!(plot instanceof Element) || !plot.matches('.plot')) return;
  const area = $('.area', plot), last = Number(area.dataset.points) - 1, here = at.get(plot.closest('[data-figure]'));
  const on = mirrored(area) ? -1 : 1;
  const to = { ArrowRight: here === undefined ? 0 : here + on, ArrowLeft: here === undefined ? last : here - on, Home: 0, End: last, Escape: null }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  if (to === null) { hide(area); return; }
  show(area, Math.max(0, Math.min(last, to)));
  const { name, lines } = said(plot.closest('[data-figure]'), at.get(plot.closest('[data-figure]')));
  $('[aria-live]', plot.closest('[data-figure]')).textContent = `${name}: ${lines.map(([, label, value]) => `${label} ${value}`).join(', ')}`;
});

/** Draws the series that are shown, on the lowest axis that they fit. */
function redraw(figure) {
  const area = $('.area', figure), shown = $$('[data-series]', figure).map(isShown), count = Number(area.dataset.points);
  const ground = new Array(count).fill(0);
  let highest = 0;
  $$('path', area).forEach((path, series) => {
    path.style.display = shown[series] ? '' : 'none';
    if (!shown[series]) return;
    const heights = JSON.parse(path.dataset.heights), stands = path.matches('.bar:not(.beside)');
    if (stands) path.setAttribute('d', heights.map((height, index) => (height ? `M${index + SIDE} ${-ground[index]}h${1 - 2 * SIDE}v${-height}h${2 * SIDE - 1}z` : '')).join(''));
    heights.forEach((height, index) => {
      if (stands) ground[index] += height ?? 0;
      highest = Math.max(highest, stands ? ground[index] : height ?? 0);
    });
  });
  const scales = JSON.parse(area.dataset.scales), [top, labels] = scales.find(([one]) => one >= highest - TALL / 1e4) ?? scales.at(-1);
  $('svg', area).setAttribute('viewBox', `0 ${-top} ${count} ${top}`);
  $$('.y span', figure).forEach((label, index) => { label.textContent = labels.at(-1 - index); });
}

/** Closes the gap that a part leaves which is not shown. */
function slice(figure) {
  const shown = $$('[data-part]', figure).map(isShown), parts = $$('circle', figure).map((part) => Number(part.dataset.share));
  const whole = parts.reduce((sum, share, index) => sum + (shown[index] ? share : 0), 0) || 1;
  let begin = 0;
  $$('circle', figure).forEach((circle, index) => {
    const share = shown[index] ? (parts[index] / whole) * 100 : 0;
    circle.setAttribute('stroke-dasharray', `${share} 100`);
    circle.setAttribute('stroke-dashoffset', String(-begin));
    begin += share;
  });
}

document.addEventListener('click', (event) => {
  const button = event.target.closest?.('[data-series], [data-part]');
  if (!button) return;
  button.setAttribute('aria-pressed', String(!isShown(button)));
  (button.dataset.series ? redraw : slice)(button.closest('[data-figure]'));
});

// Without scripts the table stands below the chart.
document.addEventListener('click', (event) => {
  const button = event.target.closest?.('[data-swap-view]');
  if (!button) return;
  const figure = button.closest('[data-figure]'), table = $('[data-view=table]', figure), instead = table.hasAttribute('data-aside');
  table.toggleAttribute('data-aside', !instead);
  $('[data-view=chart]', figure).hidden = instead;
  button.setAttribute('aria-pressed', String(instead));
});

document.addEventListener('pointerover', (event) => {
  const circle = event.target.closest?.('.pie circle'), pie = event.target.closest?.('.pie');
  if (!circle) { for (const box of $$('.pie .tip', document)) box.remove(); return; }
  const index = $$('circle', pie).indexOf(circle), cells = rowsOf(pie.closest('[data-figure]'))[index].cells;
  const share = percent.format(parseFloat(circle.getAttribute('stroke-dasharray')) / 100);
  tip(pie, { name: cells[0].textContent, lines: [[$('.sw', $$('[data-part]', pie)[index]), share, cells[1].textContent]] });
});
