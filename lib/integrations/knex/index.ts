export { AirlockKnexModule, type AirlockKnexOptions } from './airlock-knex.module.js';
export { trackKnexTransactions, type KnexFrameOptions } from './track-knex-transactions.js';
export type { KnexClient } from './knex.client.js';
