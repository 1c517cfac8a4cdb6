export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** One listener on the document for all elements that match, now or after a swap. */
export function on(type, selector, handle, options) {
  document.addEventListener(type, (event) => {
    const found = event.target instanceof Element ? event.target.closest(selector) : null;
    if (found) handle(event, found);
  }, options);
}

/** Words that the server translated, from the body's data-say-… attributes. */
export const say = (key) => document.body.dataset[`say${key[0].toUpperCase()}${key.slice(1)}`] ?? '';

/** Speaks through the page's polite live region. */
export function announce(text) {
  const region = $('#say');
  if (region) region.textContent = text;
}

/** An icon of the sprite that the page already loaded. */
export function icon(name) {
  const sprite = $('svg.icon use[href*="/icons.svg"]')?.getAttribute('href')?.split('#')[0] ?? '/static/core/icons.svg';
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

/** Element with properties and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name in element && name !== 'role') element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export const store = {
  set(key, value) {
    try { localStorage.setItem(`trunkline.${key}`, value); } catch { /* storage is switched off */ }
  },
};
