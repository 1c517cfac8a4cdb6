import htmx from 'htmx.org';

// The extensions look for a global when they are loaded, so this module comes before them.
window.htmx = htmx;
export default htmx;
