import { AirlockSequelizeModule, trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import type { Sequelize } from 'sequelize';
import { type Equal, expectTrue } from '../../types/expect.js';

/** Instances fit, and keep their own type. */
export function fits(sequelize: Sequelize): Sequelize {
  const kept = trackSequelizeTransactions(sequelize);
  expectTrue<Equal<typeof kept, Sequelize>>();
  return kept;
}

export function refuses(): void {
  // @ts-expect-error no Sequelize instance
  trackSequelizeTransactions({});
  // @ts-expect-error no such option
  AirlockSequelizeModule.forRoot({ sequelize: 1 });
}
