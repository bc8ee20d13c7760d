export { AirlockTypeOrmModule, type AirlockTypeOrmOptions } from './airlock-typeorm.module.js';
export { trackTypeOrmTransactions } from './track-typeorm-transactions.js';
export type {
  TypeOrmBroadcaster,
  TypeOrmDataSource,
  TypeOrmManager,
  TypeOrmQueryRunner,
} from './typeorm.client.js';
