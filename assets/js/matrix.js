// The matrix of permissions: a box that leaves what it names, and what will change said before it is saved.
import { $, $$, announce, on } from './dom.js';

const matches = (text, words) => words.every((word) => text.includes(word));
const textOf = (element) => (element?.textContent ?? '').toLowerCase();

on('input', '[data-matrix-filter]', (_event, box) => {
  const form = document.getElementById(box.dataset.matrixFilter), words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const section of $$('section.card', form)) {
    if (!$('input[type=checkbox]', section)) continue;
    let some = false;
    for (const field of $$('[data-field]', section)) {
      const around = `${textOf($('.card-title', section))} ${textOf($('legend', field))} `;
      let any = false;
      for (const line of $$('.form-check', field)) {
        line.hidden = !matches(`${around}${textOf(line)} ${$('input', line).value}`, words);
        any ||= !line.hidden;
        shown += line.hidden ? 0 : 1;
      }
      field.hidden = !any;
      some ||= any;
    }
    section.hidden = !some;
  }
  announce(box.dataset.said.replace('{n}', shown));
});

/** In each group's head a button that ticks all of it that is shown, and clears it when all is ticked. */
function addButtons(box) {
  for (const section of $$('section.card', document.getElementById(box.dataset.matrixFilter))) {
    const head = $('.card-header', section);
    if (!head || !$('input[type=checkbox]', section)) continue;
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'btn btn-sm' });
    const ticks = () => $$('input[type=checkbox]', section).filter((input) => !input.closest('[hidden]'));
    const label = () => { button.textContent = ticks().every((input) => input.checked) ? box.dataset.none : box.dataset.all; };
    button.addEventListener('click', () => {
      const all = ticks(), checked = !all.every((input) => input.checked);
      for (const input of all) {
        if (input.checked === checked) continue;
        input.checked = checked;
        input.dispatchEvent(new Event('change', { bubbles: true }));
      }
      label();
    });
    section.addEventListener('change', label);
    box.addEventListener('input', () => requestAnimationFrame(label));
    head.append(Object.assign(document.createElement('div'), { className: 'card-actions' }));
    head.lastElementChild.append(button);
    label();
  }
}
$$('[data-matrix-filter]').forEach(addButtons);

function tell(form) {
  const place = document.querySelector(`[data-matrix-changes="${form.id}"]`);
  if (!place) return;
  const changed = $$('input[type=checkbox]', form).filter((input) => input.checked !== input.defaultChecked);
  const named = (checked) => changed.filter((input) => input.checked === checked).map((input) => {
    const legend = $('legend', input.closest('fieldset'))?.textContent.trim();
    return `${legend}: ${input.closest('.form-check').textContent.trim()}`;
  });
  place.closest('section').hidden = !changed.length;
  for (const [key, names] of [['given', named(true)], ['taken', named(false)]]) {
    const part = $(`[data-changes=${key}]`, place);
    part.hidden = !names.length;
    $('ul', part).replaceChildren(...names.map((name) => Object.assign(document.createElement('li'), { textContent: name })));
  }
}
on('change', 'form input[type=checkbox]', (_event, input) => { if (input.form) tell(input.form); });
// What the browser kept from before a reload counts too.
$$('[data-matrix-changes]').forEach((place) => { const form = document.getElementById(place.dataset.matrixChanges); if (form) tell(form); });
