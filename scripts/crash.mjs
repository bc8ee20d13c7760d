// The crash test (test/crash): processes are killed, and servers killed, frozen and failed over,
// under load, on PostgreSQL, MariaDB and Redis of its own. `CRASH_KILLS` and `CRASH_OUTAGES` say
// how often, `CRASH_FREEZES` for how many seconds servers hang in the end, `CRASH_SEED` which,
// `CRASH_SETUP` with one setup of the application only (test/crash/setups.ts).
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { builtForRun } from './built-for-run.mjs';

const build = builtForRun('crash', ['lib', 'test/crash', 'test/own-servers', 'test/until.ts']);
await import(pathToFileURL(join(build, 'test/crash/main.js')));
