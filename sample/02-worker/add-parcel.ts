// Any program, in any language, may add jobs; this one knows nothing of Nest.
import { Queue } from 'bullmq';
import type { Parcel } from './parcels/parcel.js';
import { assertReachable, Settings } from './settings.js';

const [id, customer, to] = process.argv.slice(2);
if (to === undefined) throw new Error('Usage: add-parcel.js <id> <customer> <destination>');

const settings = Settings.fromEnvironment();
await assertReachable(settings);
const queue = new Queue<Parcel>('parcels', {
  connection: { url: settings.redisUrl },
  prefix: settings.prefix,
});
await queue.add('book', { id: Number(id), customer: customer!, to }, { attempts: 3, backoff: 200 });
await queue.close();
