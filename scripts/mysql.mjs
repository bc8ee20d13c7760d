// The suites of MariaDB and MySQL alone, on the server that `MYSQL_URL` names: `npm test` runs them
// on one server, and there are two kinds. Arguments go to jest.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from './jest.mjs';

const files = readdirSync('test', { recursive: true })
  .filter((name) => name.endsWith('.spec.ts') && !name.includes('node_modules'))
  .map((name) => join('test', name))
  .filter((file) => /\bmariadb\b/.test(readFileSync(file, 'utf8')) && !file.includes('crash'));
const status = jest([
  '--selectProjects',
  'nest 12',
  '--testTimeout=60000',
  ...process.argv.slice(2),
  '--runTestsByPath',
  ...files,
]);
process.exit(status ?? 1);
