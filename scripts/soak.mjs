// The soak (test/soak): requests of all kinds, on Express and on Fastify, with clients that leave;
// `SOAK_REQUESTS` says how many (@default 200,000), `SOAK_SEED` which. With the argument `outbox`:
// effects through an outbox on PostgreSQL (DATABASE_URL), `SOAK_EFFECTS` of them (@default
// 1,000,000). The last line has the figures; the exit code says whether they are as promised.
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { pathToFileURL } from 'node:url';
import { builtForRun } from './built-for-run.mjs';

// Set before anything is loaded, so that the heap can be measured.
setFlagsFromString('--expose-gc');
const build = builtForRun('soak', ['lib', 'test/soak', 'test/integrations/pg']);
const what = process.argv[2] ?? 'main';
await import(pathToFileURL(join(build, `test/soak/${what}.js`)));
