// Dialogs, drawers, menus (popovers), and the question before an action.
import htmx from './htmx.js';
import { $, $$, make, on, say } from './dom.js';

on('click', '[data-open]', (event, opener) => {
  const target = document.getElementById(opener.dataset.open);
  if (!(target instanceof HTMLDialogElement)) return;
  event.preventDefault();
  opener.closest('[popover]')?.hidePopover();
  if (target.id === 'mobile-menu' && !target.children.length) target.append($('.shell > .nav-side').cloneNode(true));
  if (!target.open) target.showModal();
  const body = $('[hx-trigger="drawer-open"]', target);
  if (body) htmx.trigger(body, 'drawer-open');
});
// A question that was fetched into its dialog: what is to be filled in has the focus, else the button that answers.
document.addEventListener('htmx:afterSettle', (event) => {
  const asked = event.target.closest?.('dialog[open]') && $('form.asked', event.target);
  if (asked) ($('textarea, select, input:not([type=hidden])', asked) ?? $('[data-close]', asked))?.focus();
});
on('click', '[data-close]', (_event, closer) => closer.closest('dialog')?.close());
// A click on the backdrop is a click on the dialog itself.
on('click', 'dialog', (event, dialog) => {
  if (event.target === dialog && !dialog.classList.contains('modal')) dialog.close();
});
on('click', '#mobile-menu a', (_event, link) => link.closest('dialog').close());
for (const dialog of $$('dialog[data-open-now]')) dialog.showModal();

// A menu hangs below its button, inside the window.
document.addEventListener('toggle', (event) => {
  const menu = event.target;
  if (!(menu instanceof HTMLElement) || !menu.matches('[data-menu]')) return;
  const button = $(`[popovertarget="${CSS.escape(menu.id)}"]`);
  button?.setAttribute('aria-expanded', String(event.newState === 'open'));
  if (event.newState !== 'open' || !button) return;
  place(menu, button);
  menu.querySelector('a, button, input')?.focus({ preventScroll: true });
}, true);

function place(menu, button) {
  const at = button.getBoundingClientRect(), box = menu.getBoundingClientRect(), room = 8;
  const fromStart = at.left + box.width <= innerWidth - room, fromEnd = at.right - box.width >= room;
  const startSide = document.dir === 'rtl' ? !fromEnd && fromStart : fromStart;
  const below = at.bottom + 4 + box.height <= innerHeight - room;
  menu.style.left = `${Math.max(room, startSide ? at.left : at.right - box.width)}px`;
  menu.style.top = `${below ? at.bottom + 4 : Math.max(room, at.top - box.height - 4)}px`;
}
addEventListener('resize', () => $$('[data-menu]:popover-open').forEach((menu) => menu.hidePopover()));
addEventListener('scroll', (event) => {
  if (event.target === document) $$('[data-menu]:popover-open').forEach((menu) => menu.hidePopover());
}, { passive: true });

document.addEventListener('keydown', (event) => {
  const menu = event.target instanceof Element ? event.target.closest('[data-menu]') : null;
  if (!menu || !['ArrowDown', 'ArrowUp', 'Home', 'End'].includes(event.key) || event.target.matches('input, select')) return;
  event.preventDefault();
  const items = $$('.menu-item', menu), here = items.indexOf(document.activeElement);
  const next = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 }[event.key];
  items.at(next % items.length)?.focus();
});

// "Are you sure": names the object, says the effect, and only then submits.
let confirmed = null;
document.addEventListener('submit', (event) => {
  const form = event.target, asker = event.submitter?.dataset.confirm ? event.submitter : form;
  const question = asker.dataset.confirm;
  if (!question || confirmed === form) { confirmed = null; return; }
  event.preventDefault();
  event.stopImmediatePropagation();
  ask(question, asker.dataset.confirmAction, asker.dataset.confirmTone).then((yes) => {
    if (!yes) return;
    confirmed = form;
    form.requestSubmit(event.submitter);
  });
}, true);

function ask(question, action, tone) {
  return new Promise((answer) => {
    let yes = false;
    const accept = make('button', { className: `btn ${tone === 'danger' ? 'btn-danger' : 'btn-primary'}`, type: 'button', onclick: () => { yes = true; dialog.close(); } }, action || 'OK');
    const dialog = make('dialog', { className: 'modal modal-sm', 'aria-labelledby': 'ask-text' },
      make('div', { className: 'modal-body' }, make('p', { id: 'ask-text' }, question)),
      make('footer', { className: 'modal-foot' }, make('button', { className: 'btn', type: 'button', onclick: () => dialog.close() }, say(action === say('cancel') ? 'close' : 'cancel')), accept));
    dialog.addEventListener('close', () => { dialog.remove(); answer(yes); });
    document.body.append(dialog);
    dialog.showModal();
    accept.focus();
  });
}
