export { AirlockDrizzleModule, type AirlockDrizzleOptions } from './airlock-drizzle.module.js';
export type { DrizzleDatabase } from './drizzle.client.js';
export {
  type DrizzleFrameOptions,
  trackDrizzleTransactions,
} from './track-drizzle-transactions.js';
