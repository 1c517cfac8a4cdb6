// Forms: errors in focus, a warning before changes are lost, one submit at a time, files dropped, masks that accept paste.
import { $, $$, on } from './dom.js';

function toErrors(root = document) {
  const summary = $('[data-error-summary]', root);
  if (summary) summary.focus();
}
toErrors();
document.body.addEventListener('htmx:afterSwap', (event) => toErrors(event.detail.target));

on('click', '[data-error-summary] a', (event, link) => {
  const field = document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.closest('[data-field]')?.scrollIntoView({ block: 'center' });
});

// A field that was wrong is looked at again when it is left.
on('focusout', '[aria-invalid="true"]', (_event, input) => {
  if (!input.value || !input.checkValidity() || input.value === input.defaultValue) return;
  input.removeAttribute('aria-invalid');
  // Hidden, not removed: what moves under the pointer that left the field is not clicked.
  const error = $('.form-error', input.closest('[data-field]'));
  if (error) error.style.visibility = 'hidden';
});

const dirty = new Set();
on('input', 'form[data-unsaved]', (_event, form) => mark(form));
on('change', 'form[data-unsaved]', (_event, form) => mark(form));
function mark(form) {
  dirty.add(form);
  const note = $('[data-unsaved-note]', form);
  if (note) note.hidden = false;
}
addEventListener('beforeunload', (event) => {
  if ([...dirty].some((form) => form.isConnected)) event.preventDefault();
});

// What is half filled in is kept on the server for its writer, a moment after the last key, and when the page is left.
const SOON = 1500, waiting = new Map();
const keepSoon = (_event, form) => { clearTimeout(waiting.get(form)); waiting.set(form, setTimeout(keep, SOON, form)); };
on('input', 'form[data-draft]', keepSoon);
on('change', 'form[data-draft]', keepSoon);
document.addEventListener('submit', (event) => { clearTimeout(waiting.get(event.target)); waiting.delete(event.target); });
addEventListener('pagehide', () => { for (const form of waiting.keys()) keep(form); });
function keep(form) {
  clearTimeout(waiting.get(form));
  waiting.delete(form);
  const body = new URLSearchParams({ draft_form: form.dataset.draft, draft_resume: form.dataset.draftResume });
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string' && !['csrf_token', 'draft_form', 'draft_resume'].includes(name) && !$(`[type=password][name="${CSS.escape(name)}"]`, form)) body.append(name, value);
  }
  const headers = JSON.parse(document.body.getAttribute('hx-headers') ?? '{}');
  // What is kept needs no warning when the page is left.
  fetch('/drafts', { method: 'POST', keepalive: true, headers, body }).then((answer) => { if (answer.ok && !waiting.has(form)) dirty.delete(form); }).catch(() => {});
}

// A form in place of a value: the cursor goes into it, Escape brings the value back, Ctrl+Enter saves where Enter breaks a line.
document.body.addEventListener('htmx:afterSettle', (event) => {
  const form = event.detail.elt;
  if (form instanceof Element && form.matches('form[data-inline]')) $('input:not([type=hidden]), select, textarea', form)?.focus();
});
on('keydown', 'form[data-inline]', (event, form) => {
  if (event.key === 'Escape') {
    event.preventDefault();
    event.stopPropagation();
    $('[data-inline-cancel]', form).click();
  } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  }
});

// Numbers beside code, as many as it has lines and scrolled with it; a link to a line puts the cursor there.
for (const area of $$('textarea[data-lines]')) {
  const numbers = document.createElement('pre');
  numbers.setAttribute('aria-hidden', 'true');
  const count = () => {
    numbers.textContent = area.value.split('\n').map((_line, index) => index + 1).join('\n');
    numbers.scrollTop = area.scrollTop;
  };
  area.before(numbers);
  area.addEventListener('input', count);
  area.addEventListener('scroll', count);
  count();
}
on('click', 'a[href^="#line-"]', (event, link) => {
  const area = $('textarea[data-lines]'), line = Number(link.hash.slice(6));
  if (!area || !line) return;
  event.preventDefault();
  const before = area.value.split('\n').slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
  const end = area.value.indexOf('\n', before);
  area.focus();
  area.setSelectionRange(before, end < 0 ? area.value.length : end);
  area.scrollTop = (line - 5) * parseFloat(getComputedStyle(area).lineHeight);
});

// Fields that mean something only with some values of another one, and sections of nothing else.
function fit(form) {
  for (const field of $$('[data-only-when]', form)) {
    const [name, values] = field.dataset.onlyWhen.split('='), asked = form.elements[name];
    field.hidden = Boolean(asked) && !values.split(' ').includes(asked.value) && !$('.form-error', field);
  }
  for (const section of $$('section', form)) {
    const fields = $$('[data-field]', section);
    section.hidden = fields.length > 0 && fields.every((field) => field.hidden);
  }
}
const fitAll = () => new Set($$('[data-only-when]').map((field) => field.closest('form'))).forEach(fit);
fitAll();
document.body.addEventListener('htmx:afterSettle', fitAll);
on('change', 'form', (_event, form) => { if ($('[data-only-when]', form)) fit(form); });

// The second click on a button that is already working does nothing.
document.addEventListener('submit', (event) => {
  const form = event.target;
  dirty.delete(form);
  if (!form.matches('[data-once]') || event.defaultPrevented) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = '1';
  event.submitter?.setAttribute('aria-busy', 'true');
});
addEventListener('pageshow', () => {
  for (const form of $$('form[data-sent]')) {
    delete form.dataset.sent;
    $$('[aria-busy]', form).forEach((button) => button.removeAttribute('aria-busy'));
  }
});

on('dragover', '[data-drop]', (_event, zone) => zone.classList.add('over'));
on('dragleave', '[data-drop]', (_event, zone) => zone.classList.remove('over'));
on('drop', '[data-drop]', (_event, zone) => zone.classList.remove('over'));
on('change', '[data-drop] input[type=file]', (_event, input) => {
  const name = $('[data-drop-name]', input.closest('[data-drop]'));
  if (name && input.files.length) name.textContent = [...input.files].map((file) => file.name).join(', ');
});

// Folded boxes: the head of each area says how many are ticked.
on('change', '[data-folded] input', (_event, input) => {
  const group = input.closest('details');
  $('summary span', group).textContent = group.dataset.folded.replace('{n}', $$(':checked', group).length);
});

// Values that depend on another field: <select data-submits> sends its form by itself where that is only a view.
on('change', 'select[data-submits]', (_event, input) => input.form.requestSubmit());
