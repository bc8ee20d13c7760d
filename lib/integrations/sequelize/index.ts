export {
  AirlockSequelizeModule,
  type AirlockSequelizeOptions,
} from './airlock-sequelize.module.js';
export { trackSequelizeTransactions } from './track-sequelize-transactions.js';
export type { SequelizeClient } from './sequelize.client.js';
