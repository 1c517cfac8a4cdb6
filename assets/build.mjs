// Builds the front end into core/trunkline/static/: one stylesheet, one script for every page, the chart script, the icon
// sprite, the font, and manifest.json with the content hash of each file. Run by ./run and by the wheel build.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import * as sass from 'sass';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const modules = join(here, 'node_modules');
const target = process.argv[2] ?? join(root, 'core', 'trunkline', 'static');
// A build that fails leaves what was there before.
const out = join(modules, '.trunkline-build');

/** Limits in bytes after brotli; a build that grows past one fails, so that nobody does it unawares. */
const LIMITS = { 'app.css': 35 * 1024, 'app.js': 25 * 1024, 'charts.js': 60 * 1024, 'passkeys.js': 2 * 1024, 'maps.js': 45 * 1024, 'maps.css': 4 * 1024 };

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const css = sass.compile(join(here, 'scss', 'app.scss'), { loadPaths: [modules], style: 'compressed', quietDeps: true, silenceDeprecations: ['import', 'global-builtin', 'color-functions', 'if-function'] });
// The pages' security policy loads pictures from files only, so the small ones inside the stylesheet become files.
const styles = css.css.replace(/url\((["'])data:image\/svg\+xml,(.*?)\1\)/g, (_all, _quote, data) => {
  const svg = decodeURIComponent(data.replace(/\\(.)/g, '$1'));
  const name = `mark-${createHash('sha256').update(svg).digest('hex').slice(0, 8)}.svg`;
  writeFileSync(join(out, name), svg);
  return `url(${name})`;
});
cpSync(join(modules, '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2'), join(out, 'inter.woff2'));
// The page preloads the font by its hashed address; the stylesheet must ask for the same one.
const font = createHash('sha256').update(readFileSync(join(out, 'inter.woff2'))).digest('hex').slice(0, 12);
if (styles.includes('url("data:') || styles.includes("url('data:")) throw new Error('the stylesheet still holds a data: address');
writeFileSync(join(out, 'app.css'), styles.replaceAll('inter.woff2', `inter.woff2?v=${font}`));

const common = { bundle: true, minify: true, legalComments: 'eof', target: 'es2022', logLevel: 'error', nodePaths: [modules] };
await build({ ...common, entryPoints: [join(here, 'js', 'app.js')], outfile: join(out, 'app.js'), format: 'iife' });
await build({ ...common, entryPoints: [join(here, 'js', 'passkeys.js')], outfile: join(out, 'passkeys.js'), format: 'iife' });
await build({ ...common, entryPoints: [join(here, 'js', 'start.js')], outfile: join(out, 'start.js'), format: 'iife' });
await build({ ...common, entryPoints: [join(here, 'js', 'charts.js')], outfile: join(out, 'charts.js'), format: 'esm' });

// The pictures of leaflet's own pins and switches are not used: pins are circles.
await build({ ...common, entryPoints: [join(here, 'js', 'maps.js')], outfile: join(out, 'maps.js'), format: 'esm', loader: { '.png': 'empty' } });

cpSync(join(here, 'images'), out, { recursive: true });
writeFileSync(join(out, 'icons.svg'), sprite());

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

/** One SVG with a symbol for each icon: those listed in icons.txt and those that any template or plugin of the workspace names. */
function sprite() {
  const listed = readFileSync(join(here, 'icons.txt'), 'utf8').replace(/^#.*$/gm, '').split(/\s+/).filter(Boolean);
  const names = new Set(listed);
  const folders = [join(root, 'core', 'trunkline'), join(root, 'plugins')].filter(existsSync);
  const outline = join(modules, '@tabler/icons/icons/outline');
  for (const file of folders.flatMap(sources)) {
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/["']([a-z][a-z0-9]*(?:-[a-z0-9]+)*)["']/g)) {
      if (!names.has(name) && wanted(file, name) && existsSync(join(outline, `${name}.svg`))) names.add(name);
    }
  }
  const symbols = [...names].sort().map((name) => {
    const file = join(outline, `${name}.svg`);
    if (!existsSync(file)) throw new Error(`icons.txt names ${name}, which Tabler does not have`);
    const body = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(readFileSync(file, 'utf8'))[1].replace(/\s+/g, ' ').replace(/> </g, '><').trim();
    return `<symbol id="${name}" viewBox="0 0 24 24">${body}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>\n`;
}

/** Templates name icons anywhere; Python only in `icon=` arguments and in plugin.py, tables.py and pages.py. */
function wanted(file, name) {
  if (file.endsWith('.html')) return true;
  return new RegExp(`icon\\w*\\s*[=:]\\s*["']${name}["']`).test(readFileSync(file, 'utf8'));
}

function sources(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return /^(static|node_modules|__pycache__|tests|locale)$/.test(name) ? [] : sources(path);
    return /\.(html|py)$/.test(name) ? [path] : [];
  });
}
