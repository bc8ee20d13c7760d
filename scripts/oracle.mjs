// Random programs on real PostgreSQL and MariaDB against a reference model (test/oracle), in their
// thousands. `ORACLE_PROGRAMS` and `ORACLE_MARIADB_PROGRAMS` say how many, `ORACLE_SEED` which.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { jest } from './jest.mjs';

const tally = '.cache/oracle.txt';
rmSync(tally, { force: true });
const status = jest(['--selectProjects', 'nest 12', '--testPathPatterns', 'test/oracle'], {
  stdio: 'inherit',
  env: { ORACLE_PROGRAMS: '20000', ORACLE_MARIADB_PROGRAMS: '5000', ...process.env },
});
process.stdout.write(existsSync(tally) ? readFileSync(tally) : 'oracle: no program ran\n');
process.exit(status ?? 1);
