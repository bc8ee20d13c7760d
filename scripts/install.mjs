// Installs missing packages, here and, with `--all`, for the other majors of Nest, MikroORM and
// Node, so that `npm start` and `npm test` work on a fresh clone.
import { existsSync, readFileSync } from 'node:fs';
import { run } from './side-by-side.mjs';

const folders = process.argv.includes('--all')
  ? ['.', 'test/nest-11', 'test/mikro-orm-7', 'test/other-nodes']
  : ['.'];
const missing = folders.filter((folder) => !isInstalled(folder));
for (const folder of missing)
  console.log(`Installing the packages of ${folder === '.' ? 'this repository' : folder} …`);
const ended = await Promise.all(
  missing.map((cwd) => run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd })),
);
for (const { status, said } of ended) {
  if (status === 0) continue;
  console.error(said);
  process.exitCode = status ?? 1;
}

/** Compares versions: a checkout changes the time of a lock file whose packages are all there. */
function isInstalled(folder) {
  const installed = `${folder}/node_modules/.package-lock.json`;
  if (!existsSync(installed)) return false;
  const there = packagesOf(installed);
  return Object.entries(packagesOf(`${folder}/package-lock.json`)).every(
    // Optional packages may be for other systems.
    ([path, { version, optional }]) =>
      path === '' || (there[path] ? there[path].version === version : optional),
  );
}

function packagesOf(lock) {
  return JSON.parse(readFileSync(lock, 'utf8')).packages;
}
