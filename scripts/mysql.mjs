// The suites of MariaDB and MySQL alone, on the server that `MYSQL_URL` names: `npm test` runs them
// on one server, and there are two kinds. Arguments go to jest.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const files = readdirSync('test', { recursive: true })
  .filter((name) => name.endsWith('.spec.ts') && !name.includes('node_modules'))
  .map((name) => join('test', name))
  .filter((file) => /\bmariadb\b/.test(readFileSync(file, 'utf8')) && !file.includes('crash'));
const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '--selectProjects',
    'nest 12',
    '--testTimeout=60000',
    ...process.argv.slice(2),
    '--runTestsByPath',
    ...files,
  ],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
