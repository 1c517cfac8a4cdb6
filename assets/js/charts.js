// Charts of pages that have them. Colours come from the page's tokens, so that theme and mode are followed; legends are
// real buttons, arrow keys walk the points, and the table switch shows the same figures as text.
import {
  ArcElement, BarController, BarElement, CategoryScale, Chart, DoughnutController, Filler, LinearScale, LineController,
  LineElement, PointElement, Tooltip,
} from 'chart.js';

Chart.register(ArcElement, BarController, BarElement, CategoryScale, DoughnutController, Filler, LinearScale, LineController, LineElement, PointElement, Tooltip);

const SERIES = 7, NARROW = 480;
const numbers = new Intl.NumberFormat(document.documentElement.lang);
const charts = new Map();

// light-dark() is resolved by the browser, through an element that nobody sees.
const probe = document.createElement('i');
// A transition would answer with the colour that it starts from.
probe.style.setProperty('transition', 'none', 'important');
document.body.append(probe);
function colour(token) {
  probe.style.color = `var(${token})`;
  return getComputedStyle(probe).color;
}
const faint = (rgb, part) => rgb.replace(/^rgba?\(([^)]+)\)$/, (_all, parts) => `rgba(${parts.split(',').slice(0, 3).join(',')},${part})`);
const token = (index) => `--c${(index % SERIES) + 1}`;

/** The tooltip is HTML, so that it follows zoom, text size and mode. */
function tooltip({ chart, tooltip: tip }) {
  const home = chart.canvas.parentNode;
  let box = home.querySelector('.tip');
  if (!box) home.append((box = Object.assign(document.createElement('div'), { className: 'tip' })));
  box.classList.toggle('on', tip.opacity > 0);
  if (!tip.opacity) return;
  const pie = chart.config.type === 'doughnut', label = pie ? tip.dataPoints[0].label : tip.title[0];
  const title = Object.assign(document.createElement('b'), { textContent: chart.$names?.[label] ?? label ?? '' });
  box.replaceChildren(title, ...tip.dataPoints.map((point) => {
    const row = document.createElement('div'), swatch = document.createElement('i'), figure = document.createElement('span');
    swatch.className = `sw ${point.dataset.borderDash ? 'dash' : chart.config.type === 'line' ? '' : 'box'}`;
    swatch.style.setProperty('--c', pie ? point.dataset.backgroundColor[point.dataIndex] : point.dataset.borderColor);
    figure.className = 'n';
    figure.textContent = numbers.format(point.raw) + (point.dataset.unit ?? '');
    row.append(swatch, pie ? share(point) : point.dataset.label, figure);
    return row;
  }));
  const left = tip.caretX + 14 + box.offsetWidth > chart.width ? Math.max(0, tip.caretX - box.offsetWidth - 8) : tip.caretX + 14;
  const top = Math.max(0, Math.min(tip.caretY - 20, chart.height - box.offsetHeight));
  box.style.transform = `translate(${left}px, ${top}px)`;
}
const share = (point) => `${numbers.format(Math.round((point.raw / point.dataset.data.reduce((sum, value) => sum + value, 0)) * 1000) / 10)}%`;

const crosshair = {
  id: 'crosshair',
  afterDatasetsDraw(chart) {
    const active = chart.tooltip?.getActiveElements?.()[0];
    if (!active || chart.config.type !== 'line') return;
    const { ctx, chartArea } = chart;
    ctx.save();
    ctx.strokeStyle = colour('--line-ctl');
    ctx.setLineDash([3, 3]);
    ctx.beginPath();
    ctx.moveTo(active.element.x, chartArea.top);
    ctx.lineTo(active.element.x, chartArea.bottom);
    ctx.stroke();
    ctx.restore();
  },
};

function paint(chart) {
  const { type } = chart.config;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  chart.data.datasets.forEach((set, index) => {
    if (type === 'doughnut') {
      set.backgroundColor = set.data.map((_value, part) => colour(token(part)));
      set.borderColor = colour('--card');
      return;
    }
    const ink = colour(token(index));
    Object.assign(set, { borderColor: ink, backgroundColor: type === 'line' ? faint(ink, set.area ? 0.1 : 0) : ink, pointHoverBackgroundColor: ink, pointHoverBorderColor: colour('--card') });
  });
  for (const scale of Object.values(chart.options.scales ?? {})) {
    scale.ticks = { ...scale.ticks, color: colour('--ink-3'), font: { size: 11 } };
    scale.border = { display: false };
    if (scale.grid?.display !== false) scale.grid = { ...scale.grid, color: colour('--line') };
  }
  chart.update();
}

function options(type, narrow) {
  const shared = { responsive: true, maintainAspectRatio: false, animation: false, locale: document.documentElement.lang, interaction: { mode: 'index', intersect: false }, plugins: { tooltip: { enabled: false, external: tooltip } } };
  const figures = { beginAtZero: true, grid: {}, ticks: { maxTicksLimit: 6, padding: 6, callback: (value) => numbers.format(value) } };
  if (type === 'doughnut') return { ...shared, cutout: '68%', interaction: { mode: 'nearest', intersect: true } };
  if (type === 'line') return { ...shared, scales: { x: { grid: { display: false }, ticks: { maxRotation: 0, autoSkip: true, maxTicksLimit: narrow ? 5 : 13 } }, y: figures } };
  const names = { stacked: true, grid: { display: false }, ticks: { maxRotation: 0, autoSkip: !narrow } };
  const values = { ...figures, stacked: true };
  return narrow
    ? { ...shared, indexAxis: 'y', interaction: { ...shared.interaction, axis: 'y' }, scales: { y: names, x: values } }
    : { ...shared, scales: { x: names, y: values } };
}

function dataset(type, set) {
  const dash = set.dashed ? { borderDash: [5, 4] } : {};
  if (type === 'line') return { ...set, ...dash, borderWidth: set.area ? 2.25 : 1.75, pointRadius: 0, pointHoverRadius: 4, pointHoverBorderWidth: 2, cubicInterpolationMode: 'monotone', fill: set.area ? 'origin' : false };
  if (type === 'bar') return { ...set, borderRadius: 3, borderSkipped: 'start', maxBarThickness: 22, categoryPercentage: 0.8, barPercentage: 0.9 };
  return { ...set, borderWidth: 2, hoverOffset: 4 };
}

function draw(canvas) {
  const source = document.getElementById(canvas.dataset.chart), spec = JSON.parse(source.textContent), { type } = spec;
  const narrow = canvas.parentNode.clientWidth < NARROW;
  const chart = new Chart(canvas, { type, data: { labels: spec.labels, datasets: spec.datasets.map((set) => dataset(type, set)) }, options: options(type, narrow && type === 'bar' ? true : narrow), plugins: [crosshair] });
  chart.$names = spec.names;
  charts.set(canvas, chart);
  paint(chart);
}

document.addEventListener('click', (event) => {
  const button = event.target.closest?.('[data-toggle-for]');
  if (!button) return;
  const chart = [...charts].find(([canvas]) => canvas.dataset.chart === button.dataset.toggleFor)?.[1];
  if (!chart) return;
  const show = button.getAttribute('aria-pressed') === 'false', index = Number(button.dataset.index);
  button.setAttribute('aria-pressed', String(show));
  if (chart.config.type === 'doughnut') {
    if (chart.getDataVisibility(index) !== show) chart.toggleDataVisibility(index);
  } else chart.setDatasetVisibility(index, show);
  chart.update();
});

document.addEventListener('keydown', (event) => {
  const chart = charts.get(event.target);
  if (!chart || chart.config.type === 'doughnut' || !['ArrowRight', 'ArrowLeft', 'Escape'].includes(event.key)) return;
  event.preventDefault();
  if (event.key === 'Escape') {
    chart.tooltip.setActiveElements([], { x: 0, y: 0 });
    chart.update();
    return;
  }
  const { labels, datasets } = chart.data, at = chart.tooltip.getActiveElements()[0]?.index ?? -1;
  const index = Math.max(0, Math.min(labels.length - 1, at + (event.key === 'ArrowRight' ? 1 : -1)));
  const active = chart.getSortedVisibleDatasetMetas().filter((meta) => meta.data[index]).map((meta) => ({ datasetIndex: meta.index, index }));
  chart.tooltip.setActiveElements(active, { x: 0, y: 0 });
  chart.setActiveElements(active);
  chart.update();
  const live = event.target.closest('figure')?.querySelector('[aria-live]');
  if (live) live.textContent = `${chart.$names?.[labels[index]] ?? labels[index]}: ${active.map((point) => `${datasets[point.datasetIndex].label} ${numbers.format(datasets[point.datasetIndex].data[index])}`).join(', ')}`;
});

function drawAll() {
  for (const [canvas, chart] of charts) if (!canvas.isConnected) { chart.destroy(); charts.delete(canvas); }
  for (const canvas of document.querySelectorAll('canvas[data-chart]')) if (!charts.has(canvas)) draw(canvas);
}
drawAll();
document.body.addEventListener('htmx:afterSettle', drawAll);
const repaint = () => charts.forEach(paint);
new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ['data-bs-theme'] });
document.fonts.ready.then(repaint);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
