import { createWorker } from './create-worker.js';
import { assertReachable, Settings } from './settings.js';

const settings = Settings.fromEnvironment();
await assertReachable(settings);
const worker = await createWorker(settings);
// On SIGTERM no further job is taken; those that are under way end, and their effects get out,
// before anything is closed.
worker.enableShutdownHooks();

console.log(`
The worker takes jobs from ${settings.redisUrl}. In another terminal:

# the carrier is busy at first: the second attempt succeeds, the customer is told once
node dist/sample/02-worker/add-parcel.js 1 Ada Reykjavik
# nobody delivers there: the customer is told nothing, and not billed
node dist/sample/02-worker/add-parcel.js 2 Bob Atlantis
`);
