// Random programs on real PostgreSQL and MariaDB against a reference model (test/oracle), in their
// thousands. `ORACLE_PROGRAMS` and `ORACLE_MARIADB_PROGRAMS` say how many, `ORACLE_SEED` which.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';

const tally = '.cache/oracle.txt';
rmSync(tally, { force: true });
const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '--selectProjects',
    'nest 12',
    '--testPathPatterns',
    'test/oracle',
  ],
  {
    stdio: 'inherit',
    env: { ORACLE_PROGRAMS: '20000', ORACLE_MARIADB_PROGRAMS: '5000', ...process.env },
  },
);
process.stdout.write(existsSync(tally) ? readFileSync(tally) : 'oracle: no program ran\n');
process.exit(status ?? 1);
