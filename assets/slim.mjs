// Leaves out of the stylesheet and the font what no page can ask for: half of what a first visit brings was that.
import { readFileSync } from 'node:fs';
import { transform } from 'lightningcss';
import subsetFont from 'subset-font';

const WORD = /[A-Za-z0-9_-]+/g;

/** The letters, features and weights in use. `range` is a unicode-range; the weights are those that the stylesheet names. */
export async function slimFont(file, range, [lightest, heaviest]) {
  const letters = range.split(',').flatMap((part) => {
    const [first, last = first] = part.trim().slice(2).split('-').map((code) => parseInt(code, 16));
    return Array.from({ length: last - first + 1 }, (_gap, index) => String.fromCodePoint(first + index));
  });
  // What browsers switch on by themselves, and figures of one width. Alternate shapes that no rule asks for stay behind.
  const keepFeatures = ['calt', 'ccmp', 'clig', 'kern', 'liga', 'locl', 'mark', 'mkmk', 'rlig', 'rvrn', 'tnum'];
  const variationAxes = { wght: { min: lightest, max: heaviest } };
  return subsetFont(readFileSync(file), letters.join(''), { targetFormat: 'woff2', keepFeatures, variationAxes });
}

/**
 * The stylesheet without rules for classes that no source names, and without variables that nothing reads. `sources` are the
 * texts of templates and scripts. A name may be put together: `status-{{ tone }}` counts for every class that begins with
 * `status-` and goes on with a word that is somewhere in the sources, `c{{ n }}` and `--c{{ n }}` for all that end in a number.
 */
export function slimStyles(whole, sources) {
  const words = new Set(sources.flatMap((text) => text.match(WORD) ?? []));
  let css = without(whole, classesOf(whole).filter((name) => !isNamed(name, words)));
  for (let before = ''; before.length !== css.length;) {
    // A variable may be read only by another one that nothing reads.
    before = css;
    css = without(css, unreadVariables(css, words));
  }
  return css;
}

/** The words of which one more or one less in the sources can make a difference to what `slimStyles` answers. */
export function wordsThatMatter(css) {
  const parts = classesOf(css).flatMap((name) => [name, stem(name), ...splits(name).flat()]);
  return [...new Set([...parts, ...variablesOf(css).flatMap((name) => [name, stem(name)])])].sort();
}

const classesOf = (css) => [...new Set(Array.from(css.matchAll(/\.(-?[_a-zA-Z][\w-]*)/g), ([, name]) => name))];
const variablesOf = (css) => [...new Set(Array.from(css.matchAll(/(--[\w-]+)\s*:/g), ([, name]) => name))];
const stem = (name) => name.replace(/\d+$/, '');

/** Where a name could have been put together: with the hyphen at the end of the first part, or at the head of the second one. */
const splits = (name) => Array.from(name.matchAll(/(?<=.)-/g), ({ index }) => [[index + 1, index + 1], [index, index]])
  .flat().map(([end, start]) => [name.slice(0, end), name.slice(start)]);

const isNamed = (name, words) => words.has(name) || words.has(stem(name)) || splits(name).some((parts) => parts.every((part) => words.has(part)));

function unreadVariables(css, words) {
  const read = new Set(Array.from(css.matchAll(/var\(\s*(--[\w-]+)/g), ([, name]) => name));
  return variablesOf(css).filter((name) => !read.has(name) && !words.has(name) && !words.has(stem(name)));
}

function without(css, unusedSymbols) {
  return transform({ filename: 'app.css', code: Buffer.from(css.replace(/^\uFEFF/, '')), minify: true, unusedSymbols }).code.toString();
}
