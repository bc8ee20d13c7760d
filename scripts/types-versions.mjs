// Keeps `typesVersions` of package.json in step with its `exports`: TypeScript's older module
// resolution (`node10`, as in every older Nest template) finds the declarations of a sub-path only
// there. `--check` fails instead of writing.
import { readFileSync, writeFileSync } from 'node:fs';

const text = readFileSync('package.json', 'utf8');
const manifest = JSON.parse(text);

/** CommonJS declarations, except for sub-paths that are ESM only. */
const typesVersions = {
  '*': Object.fromEntries(
    Object.entries(manifest.exports)
      .filter(([path, target]) => path !== '.' && typeof target !== 'string')
      .map(([path, { require, import: imported }]) => [
        path.slice('./'.length),
        [(require ?? imported).types],
      ]),
  ),
};

if (JSON.stringify(manifest.typesVersions) !== JSON.stringify(typesVersions)) {
  if (process.argv.includes('--check')) {
    console.error(
      '`typesVersions` of package.json is not what its `exports` say. Run `npm run build` and commit it.',
    );
    process.exit(1);
  }
  const entries = Object.entries(manifest).filter(([key]) => key !== 'typesVersions');
  const after = entries.findIndex(([key]) => key === 'exports') + 1;
  entries.splice(after, 0, ['typesVersions', typesVersions]);
  writeFileSync('package.json', `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`);
}
