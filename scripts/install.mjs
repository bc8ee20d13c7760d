// Installs what is missing, here and, with `--all`, for the other majors of Nest, MikroORM and
// Node, so that `npm start` and `npm test` work on a fresh clone.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const folders = process.argv.includes('--all')
  ? ['.', 'test/nest-11', 'test/mikro-orm-7', 'test/other-nodes']
  : ['.'];
for (const folder of folders) {
  if (isInstalled(folder)) continue;
  console.log(`Installing the packages of ${folder === '.' ? 'this repository' : folder} …`);
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** By versions: a checkout changes the time of a lock file whose packages are all there. */
function isInstalled(folder) {
  const installed = `${folder}/node_modules/.package-lock.json`;
  if (!existsSync(installed)) return false;
  const there = packagesOf(installed);
  return Object.entries(packagesOf(`${folder}/package-lock.json`)).every(
    // What is optional may be for other systems.
    ([path, { version, optional }]) =>
      path === '' || (there[path] ? there[path].version === version : optional),
  );
}

function packagesOf(lock) {
  return JSON.parse(readFileSync(lock, 'utf8')).packages;
}
