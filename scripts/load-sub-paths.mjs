// Loads every sub-path of the build as ESM and as CommonJS, and checks that both are the same
// objects: two copies would not recognise each other's classes.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
/** Sub-paths that need the globals of a test runner. */
const inRunners = [
  './testing/jest',
  './testing/jest-globals',
  './testing/vitest',
  './package.json',
];
const { name, exports } = require('../package.json');
const paths = Object.keys(exports).filter((path) => !inRunners.includes(path));

await import('reflect-metadata');
for (const path of paths) {
  const specifier = name + path.slice(1);
  const imported = await import(specifier);
  const required = require(specifier);
  const different = Object.keys(imported).filter((key) => imported[key] !== required[key]);
  if (Object.keys(imported).length === 0 || different.length > 0) {
    console.error(
      `${specifier} is not the same as ESM and as CommonJS: ${different.join(', ') || 'it exports nothing'}`,
    );
    process.exitCode = 1;
  }
}
console.log(`${paths.length} sub-paths on Node ${process.version}`);
