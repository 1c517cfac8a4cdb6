// Server-sent events: a stream that nobody sees is closed and opens again with the page, no line comes twice, and where no
// stream gets through (a proxy that buffers, say) the part is fetched anew instead.
import htmx from './htmx.js';
import { $$ } from './dom.js';

const FAULTS = 3, FETCH_AFTER = 5000;
const sources = new WeakMap(), shown = new WeakMap(), faults = new WeakMap(), over = new WeakSet();

document.body.addEventListener('htmx:sseOpen', (event) => {
  sources.set(event.target, event.detail.source);
  faults.delete(event.target);
});
document.body.addEventListener('htmx:sseClose', (event) => {
  if (event.detail.type === 'message') over.add(event.target);
});

// A stream that is opened again begins where the page began.
document.body.addEventListener('htmx:sseBeforeMessage', (event) => {
  const key = event.detail.lastEventId, known = shown.get(event.target) ?? new Set();
  if (!key) return;
  if (known.has(key)) event.preventDefault();
  shown.set(event.target, known.add(key));
});

document.addEventListener('visibilitychange', () => {
  for (const element of $$('[sse-connect]')) {
    if (over.has(element)) continue;
    if (document.hidden) sources.get(element)?.close();
    else if (sources.get(element)?.readyState === EventSource.CLOSED) open(element);
  }
});

/** Has the extension connect again, the stream first and then those who listen to it. */
function open(element) {
  for (const one of [element, ...$$('[sse-swap], [hx-trigger*="sse:"]', element)]) htmx.trigger(one, 'htmx:afterProcessNode');
}

document.body.addEventListener('htmx:sseError', (event) => {
  const element = event.target, count = (faults.get(element) ?? 0) + 1;
  faults.set(element, count);
  if (count !== FAULTS || !element.id) return;
  setTimeout(() => {
    const part = `#${element.id}`;
    if (document.querySelector(part) === element) htmx.ajax('GET', location.href, { target: part, select: part, swap: 'outerHTML' });
  }, FETCH_AFTER);
});
