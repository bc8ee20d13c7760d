export { AirlockMikroOrmModule, type AirlockMikroOrmOptions } from './airlock-mikro-orm.module.js';
export { trackMikroOrmTransactions } from './track-mikro-orm-transactions.js';
export type { MikroOrmClient } from './mikro-orm.client.js';
