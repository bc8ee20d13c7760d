// Everything that can be tested here: the checks, both builds, then all suites. Arguments go to jest.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

const run = (command, ...args) => {
  const { status } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) process.exit(status ?? 1);
};

mkdirSync('.cache', { recursive: true });
run('npm', 'run', '--silent', 'check');
run('npm', 'run', '--silent', 'build');
run(
  process.execPath,
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  // Far beyond what any test needs, for machines that are busy with something else.
  '--testTimeout=60000',
  '--json',
  '--outputFile=.cache/test-results.json',
  ...process.argv.slice(2),
);
