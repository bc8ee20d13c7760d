// Tells whether dist/ was built from the present sources, by their contents: a checkout changes
// their times only.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const state = 'dist/built-from.txt';
const settings = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'scripts/build.mjs',
  'scripts/declarations.mjs',
  'scripts/inspector-page.mjs',
];

/** Hash of all that goes into both builds. */
export function sources() {
  const files = readdirSync('lib', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const file of [...settings, ...files.sort()])
    hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

export function isBuiltFrom(hash) {
  const parts = ['dist/esm/index.js', 'dist/cjs/index.js', 'dist/cjs/package.json', state];
  return parts.every((part) => existsSync(part)) && readFileSync(state, 'utf8') === hash;
}

export function noteBuiltFrom(hash) {
  writeFileSync(state, hash);
}
