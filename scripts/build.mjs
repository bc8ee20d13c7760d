// Makes both builds: ESM, and CommonJS for applications that cannot load it. Does nothing if dist/
// was built from the same sources already; `--check` only tells whether it was.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { rollup } from 'rollup';
import { isBuiltFrom, noteBuiltFrom, sources } from './build-state.mjs';
import { declarationsReachedFrom } from './declarations.mjs';
import { inspectorPage } from './inspector-page.mjs';
import './types-versions.mjs';

const from = sources();
if (process.argv.includes('--check')) process.exit(isBuiltFrom(from) ? 0 : 1);
if (isBuiltFrom(from)) {
  console.log('dist/ has been built from these sources already.');
  process.exit();
}
console.log('Building lib/ into dist/ …');

const tsc = (...args) =>
  execFileSync(process.execPath, ['node_modules/typescript-7/bin/tsc', ...args], {
    stdio: 'inherit',
  });

// Built in another folder and moved at the end, so that processes on the last build keep their
// files.
rmSync('dist/next', { recursive: true, force: true });
tsc('-p', 'tsconfig.build.json', '--outDir', 'dist/next/modules');
// The types of these sources have just been checked.
const commonJs = ['--module', 'commonjs', '--moduleResolution', 'bundler', '--noCheck'];
tsc('-p', 'tsconfig.build.json', '--outDir', 'dist/next/cjs', ...commonJs);
writeFileSync('dist/next/cjs/package.json', '{ "type": "commonjs" }\n');

// The page of the inspector is a string in the code, so that a bundle of an application has it.
const page = `() => ${JSON.stringify(await inspectorPage())};\n`;
const builtPage = 'integrations/inspector/built-page.js';
writeFileSync(`dist/next/modules/${builtPage}`, `export const builtPage = ${page}`);
writeFileSync(`dist/next/cjs/${builtPage}`, `exports.builtPage = ${page}`);

// One file for each entry and each part that entries share: Node takes longer to load hundreds of
// ES modules than to boot Nest, and CommonJS applications load this build too, for one identity of
// each class.
const { exports, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
const files = [
  ...Object.values(exports).map((target) => target.import?.default),
  ...Object.values(bin),
];
const entries = files.flatMap((file) => file?.match(/^\.\/dist\/esm\/(.*)\.js$/)[1] ?? []);
const bundle = await rollup({
  input: Object.fromEntries(entries.map((entry) => [entry, `./dist/next/modules/${entry}.js`])),
  external: /^[^./]/,
  onLog(level, { code, message }) {
    // TypeScript's helpers for decorators ask for a `this` that has one already.
    if (level === 'warn' && code !== 'THIS_IS_UNDEFINED') throw new Error(message);
  },
});
const { output } = await bundle.write({
  dir: 'dist/next/esm',
  chunkFileNames: 'shared/[name]-[hash].js',
  minifyInternalExports: false,
});
refuseRenamedClasses(output);
const declarations = {
  esm: declarationsOf('import', 'esm', 'dist/next/modules'),
  cjs: declarationsOf('require', 'cjs', 'dist/next/cjs'),
};
for (const file of declarations.esm) moveInto('dist/next/esm', file);
rmSync('dist/next/modules', { recursive: true });
for (const file of readdirSync('dist/next/cjs', { recursive: true })) {
  if (file.endsWith('.d.ts') && !declarations.cjs.has(file)) rmSync(join('dist/next/cjs', file));
}

for (const format of ['esm', 'cjs']) {
  rmSync(`dist/${format}`, { recursive: true, force: true });
  renameSync(`dist/next/${format}`, `dist/${format}`);
}
rmSync('dist/next', { recursive: true });
noteBuiltFrom(from);

/** Files that exports of this condition name for compilers, relative to the folder of the build. */
function declarationsOf(condition, format, folder) {
  const types = Object.values(exports).flatMap((target) => target[condition]?.types ?? []);
  const files = types.map((file) => join(folder, relative(`./dist/${format}`, file)));
  return new Set([...declarationsReachedFrom(files)].map((file) => relative(folder, file)));
}

function moveInto(folder, file) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  renameSync(join('dist/next/modules', file), join(folder, file));
}

/**
 * Fails for two classes of one name: the bundler would rename one, and users read the names in
 * errors and reports.
 */
function refuseRenamedClasses(chunks) {
  const renamed = chunks.flatMap(({ code }) => code.match(/^class \w+\$\d+/gm) ?? []);
  if (renamed.length > 0)
    throw new Error(`Two classes of one name: ${renamed.join(', ')}. Give one of them another.`);
}
