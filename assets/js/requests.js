// htmx requests: busy marks, tidy addresses, and a bar that offers another try when one fails. Input is never lost.
import htmx from './htmx.js';
import { $, icon, make, say } from './dom.js';

document.body.addEventListener('htmx:beforeRequest', (event) => event.detail.target?.setAttribute('aria-busy', 'true'));
document.body.addEventListener('htmx:afterRequest', (event) => event.detail.target?.removeAttribute('aria-busy'));

// Empty fields of a search form would only make the address longer.
document.body.addEventListener('htmx:configRequest', (event) => {
  const { verb, parameters } = event.detail;
  if (verb !== 'get') return;
  for (const [name, value] of [...Object.entries(parameters)]) {
    if (value === '' && event.detail.elt.closest('[role=search]')) delete parameters[name];
  }
});

let last = null;
document.body.addEventListener('htmx:sendError', (event) => failed(event, say('offline')));
document.body.addEventListener('htmx:timeout', (event) => failed(event, say('offline')));
document.body.addEventListener('htmx:responseError', (event) => {
  const { xhr } = event.detail;
  const text = xhr.getResponseHeader('X-Message');
  failed(event, (text && decodeURIComponent(text)) || `${say('failed')} (${xhr.status})`, xhr.getResponseHeader('X-Request-ID'));
});
document.body.addEventListener('htmx:afterOnLoad', () => $('#retry')?.remove());

function failed(event, text, reference) {
  const { elt, requestConfig } = event.detail;
  last = { elt, config: requestConfig };
  $('#retry')?.remove();
  const bar = make('div', { id: 'retry', className: 'retry', role: 'alert' }, icon('alert-triangle'),
    make('span', {}, text, reference ? make('span', { className: 'sub' }, `${say('request')} ${reference}`) : ''),
    make('span', { className: 'bar-end' },
      make('button', { className: 'btn btn-sm', type: 'button', onclick: again }, say('retry')),
      make('button', { className: 'btn btn-sm btn-icon', type: 'button', 'aria-label': say('dismiss'), onclick: () => bar.remove() }, icon('x'))));
  document.body.append(bar);
}

function again() {
  $('#retry')?.remove();
  if (!last) return;
  const { elt, config } = last;
  htmx.ajax(config.verb.toUpperCase(), config.path, { source: elt, target: config.target, values: config.parameters, headers: config.headers });
}
