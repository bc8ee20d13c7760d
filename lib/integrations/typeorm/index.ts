export { AirlockTypeOrmModule, type AirlockTypeOrmOptions } from './airlock-typeorm.module.js';
export { keepTypeOrmFrames, startTestTransaction } from './keep-typeorm-frames.js';
export type { TypeOrmBroadcaster, TypeOrmDataSource, TypeOrmManager, TypeOrmQueryRunner } from './typeorm.client.js';
