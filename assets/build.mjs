// Builds the front end into core/trunkline/static/: one stylesheet, one script for every page, the chart script, two icon
// sprites, the font, and manifest.json with the content hash of each file. Run by ./run and by the wheel build.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import * as sass from 'sass';
import { slimFont, slimStyles, wordsThatMatter } from './slim.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const modules = join(here, 'node_modules');
const OUTLINE = '@tabler/icons/icons/outline';
const target = process.argv[2] ?? join(root, 'core', 'trunkline', 'static');
// A build that fails leaves what was there before.
const out = join(modules, '.trunkline-build');

/** Limits in bytes after brotli; a build that grows past one fails, so that nobody does it unawares. */
const LIMITS = { 'app.css': 28 * 1024, 'inter.woff2': 32 * 1024, 'inter-latin-ext.woff2': 16 * 1024, 'inter-cyrillic.woff2': 14 * 1024, 'inter-greek.woff2': 14 * 1024, 'icons.svg': 10 * 1024, 'app.js': 25 * 1024, 'charts.js': 3 * 1024, 'passkeys.js': 2 * 1024, 'maps.js': 45 * 1024, 'maps.css': 4 * 1024 };

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const common = { bundle: true, minify: true, legalComments: 'eof', target: 'es2022', logLevel: 'error', nodePaths: [modules] };
await build({ ...common, entryPoints: [join(here, 'js', 'app.js')], outfile: join(out, 'app.js'), format: 'iife' });
await build({ ...common, entryPoints: [join(here, 'js', 'passkeys.js')], outfile: join(out, 'passkeys.js'), format: 'iife' });
await build({ ...common, entryPoints: [join(here, 'js', 'start.js')], outfile: join(out, 'start.js'), format: 'iife' });
await build({ ...common, entryPoints: [join(here, 'js', 'charts.js')], outfile: join(out, 'charts.js'), format: 'esm' });

// The pictures of leaflet's own pins and switches are not used: pins are circles.
await build({ ...common, entryPoints: [join(here, 'js', 'maps.js')], outfile: join(out, 'maps.js'), format: 'esm', loader: { '.png': 'empty' } });

const texts = new Map([join(root, 'core', 'trunkline'), join(root, 'plugins')].filter(existsSync).flatMap(sources).map((file) => [file, readFileSync(file, 'utf8')]));
// Class names live in templates and in what makes markup for them; what libraries name counts as well.
const naming = [...texts].filter(([file]) => file.endsWith('.html') || file.startsWith(join(root, 'core', 'trunkline', 'web'))).map(([, text]) => text);
const built = readdirSync(out).map((name) => readFileSync(join(out, name), 'utf8'));
const css = sass.compile(join(here, 'scss', 'app.scss'), { loadPaths: [modules], style: 'compressed', quietDeps: true, silenceDeprecations: ['import', 'global-builtin', 'color-functions', 'if-function'] });
// The pages' security policy loads pictures from files only, so the small ones inside the stylesheet become files.
const styles = slimStyles(css.css, [...naming, ...built]).replace(/url\((["'])data:image\/svg\+xml,(.*?)\1\)/g, (_all, _quote, data) => {
  const svg = decodeURIComponent(data.replace(/\\(.)/g, '$1'));
  const name = `mark-${createHash('sha256').update(svg).digest('hex').slice(0, 8)}.svg`;
  writeFileSync(join(out, name), svg);
  return `url(${name})`;
});
// ./run builds again when a source begins or ceases to use one of these.
writeFileSync(join(modules, '.trunkline-words'), wordsThatMatter(css.css).map((word) => `${word}\n`).join(''));
const inter = join(modules, '@fontsource-variable/inter'), [, ...weights] = /@font-face\s*{[^}]*font-weight:\s*(\d+) (\d+)/.exec(styles);
const { latin } = JSON.parse(readFileSync(join(inter, 'unicode.json'), 'utf8'));
writeFileSync(join(out, 'inter.woff2'), await slimFont(join(inter, 'files/inter-latin-wght-normal.woff2'), latin, weights.map(Number)));
// Further letters, a file each; browsers fetch one only for a page that has some of them.
for (const [, letters, range] of css.css.matchAll(/url\(["']?inter-([\w-]+)\.woff2["']?\)[^}]*?unicode-range:\s*([^;}]+)/g)) {
  writeFileSync(join(out, `inter-${letters}.woff2`), await slimFont(join(inter, `files/inter-${letters}-wght-normal.woff2`), range, weights.map(Number)));
}
// The page preloads the font by its hashed address; the stylesheet must ask for the same one, and for the others by theirs.
const version = (file) => createHash('sha256').update(readFileSync(join(out, file))).digest('hex').slice(0, 12);
if (styles.includes('url("data:') || styles.includes("url('data:")) throw new Error('the stylesheet still holds a data: address');
writeFileSync(join(out, 'app.css'), styles.replace(/inter[\w-]*\.woff2/g, (file) => `${file}?v=${version(file)}`));

cpSync(join(here, 'images'), out, { recursive: true });
for (const [name, icons] of Object.entries(sprites())) writeFileSync(join(out, name), icons);

const manifest = {};
for (const name of readdirSync(out).sort()) {
  const bytes = readFileSync(join(out, name));
  manifest[name] = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const packed = /woff2$/.test(name) ? bytes.length : brotliCompressSync(bytes).length;
  console.log(`${name.padEnd(14)} ${(bytes.length / 1024).toFixed(1).padStart(7)} KB  brotli ${(packed / 1024).toFixed(1).padStart(6)} KB`);
  if (packed > (LIMITS[name] ?? Infinity)) {
    console.error(`${name} is over its limit of ${LIMITS[name] / 1024} KB`);
    process.exitCode = 1;
  }
}
writeFileSync(join(out, 'manifest.json'), JSON.stringify(manifest, null, 1) + '\n');
rmSync(target, { recursive: true, force: true });
renameSync(out, target);

/** The icons that the workspace names, and apart from them those that other plugins may count on, which few pages load. */
function sprites() {
  const listed = new Set(readFileSync(join(here, 'icons.txt'), 'utf8').replace(/^#.*$/gm, '').split(/\s+/).filter(Boolean)), named = new Set();
  for (const [file, text] of [...texts, ['app.js', readFileSync(join(out, 'app.js'), 'utf8')]]) {
    for (const [, name] of text.matchAll(/["']([a-z][a-z0-9]*(?:-[a-z0-9]+)*)["']/g)) {
      if (!named.has(name) && (listed.has(name) || (wanted(file, text, name) && existsSync(join(modules, OUTLINE, `${name}.svg`))))) named.add(name);
    }
  }
  return { 'icons.svg': sprite(named), 'icons-more.svg': sprite(new Set([...listed].filter((name) => !named.has(name)))) };
}

/** One SVG with a symbol for each icon. */
function sprite(names) {
  const symbols = [...names].sort().map((name) => {
    const file = join(modules, OUTLINE, `${name}.svg`);
    if (!existsSync(file)) throw new Error(`icons.txt names ${name}, which Tabler does not have`);
    const body = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(readFileSync(file, 'utf8'))[1].replace(/\s+/g, ' ').replace(/> </g, '><').trim();
    return `<symbol id="${name}" viewBox="0 0 24 24">${body}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>\n`;
}

/** Templates name icons anywhere; Python in `icon=` arguments. */
function wanted(file, text, name) {
  return file.endsWith('.html') || new RegExp(`icon\\w*\\s*[=:]\\s*["']${name}["']`).test(text);
}

function sources(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return /^(static|node_modules|__pycache__|tests|locale)$/.test(name) ? [] : sources(path);
    return /\.(html|py)$/.test(name) ? [path] : [];
  });
}
