export { AirlockKyselyModule, type AirlockKyselyOptions } from './airlock-kysely.module.js';
export { trackKyselyTransactions } from './track-kysely-transactions.js';
export type { KyselyClient } from './kysely.client.js';
