// The soak (test/soak): requests of all kinds, on Express and on Fastify, with clients that leave.
// `SOAK_REQUESTS` says how many (@default 200,000), `SOAK_SEED` which. The last line has the
// figures; the exit code says whether they are as promised.
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { pathToFileURL } from 'node:url';
import { builtForRun } from './built-for-run.mjs';

// Before anything is loaded, for the heap to be looked at.
setFlagsFromString('--expose-gc');
const build = builtForRun('soak', ['lib', 'test/soak']);
await import(pathToFileURL(join(build, 'test/soak/main.js')));
