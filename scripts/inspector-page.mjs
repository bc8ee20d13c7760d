// Makes one HTML file of the inspector's page: its script, with the library that it uses, and its
// style take the places that index.html names.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { minify, transform } from '@swc/core';
import { rollup } from 'rollup';

const source = 'lib/integrations/inspector/page';
const target = '.cache/inspector.html';

/**
 * @returns the HTML, which is also at `.cache/inspector.html`; built only if its sources have
 *   changed
 */
export async function inspectorPage() {
  const stamp = `<!-- ${hashOfSources()} -->\n`;
  const known = read(target);
  if (known?.endsWith(stamp)) return known;
  const [script, style] = [await bundled('main.tsx'), shortened(read(join(source, 'style.css')))];
  const html = read(join(source, 'index.html'))
    .replace('/* main.tsx */', () => script)
    .replace('/* style.css */', () => style);
  mkdirSync('.cache', { recursive: true });
  writeFileSync(target, html + stamp);
  return html + stamp;
}

async function bundled(entry) {
  const bundle = await rollup({
    input: join(source, entry),
    plugins: [sourcesAsTypeScript, nodeResolve({ browser: true }), compiled],
    onLog(level, { message }) {
      if (level === 'warn') throw new Error(message);
    },
  });
  const { output } = await bundle.generate({ format: 'es' });
  const { code } = await minify(output[0].code, { module: true, compress: true, mangle: true });
  // The code is put into a script element.
  return code.replaceAll('</script', '<\\/script');
}

/** Resolves imports, which name compiled files. */
const sourcesAsTypeScript = {
  name: 'sources',
  async resolveId(imported, importer) {
    if (!imported.startsWith('.') || !imported.endsWith('.js') || importer.includes('node_modules'))
      return null;
    for (const extension of ['.tsx', '.ts']) {
      const found = await this.resolve(imported.replace(/\.js$/, extension), importer, {
        skipSelf: true,
      });
      if (found !== null) return found;
    }
    return null;
  },
};

const compiled = {
  name: 'compiled',
  async transform(code, file) {
    if (!/\.tsx?$/.test(file)) return null;
    const react = { runtime: 'automatic', importSource: 'preact' };
    const jsc = {
      target: 'es2022',
      parser: { syntax: 'typescript', tsx: file.endsWith('x') },
      transform: { react },
    };
    return transform(code, { filename: file, jsc, swcrc: false });
  },
};

/** Removes comments, indentation and line ends from a style. */
function shortened(css) {
  return css
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,>]) ?/g, '$1')
    .trim();
}

function hashOfSources() {
  const files = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const file of ['package-lock.json', 'scripts/inspector-page.mjs', ...files.sort()])
    hash.update(read(file));
  return hash.digest('hex');
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
