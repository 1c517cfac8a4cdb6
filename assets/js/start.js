// What works by script only is offered when scripts run (see _narrow.scss).
// Runs before the first paint, so that a page never flashes in the wrong theme or density.
const root = document.documentElement;
root.dataset.scripts = '';
try {
  for (const [key, attribute] of [['theme', 'data-bs-theme'], ['density', 'data-density']]) {
    const value = localStorage.getItem(`trunkline.${key}`);
    if (value) root.setAttribute(attribute, value);
  }
} catch {
  // Storage may be switched off: the server's choice stands.
}
