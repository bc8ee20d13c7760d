import type { MikroORM } from '@mikro-orm/postgresql';
import { AirlockMikroOrmModule, trackMikroOrmTransactions } from 'nestjs-airlock/mikro-orm';
import { type Equal, expectTrue } from '../../types/expect.js';

/** Instances fit, and keep their own type. */
export function fits(orm: MikroORM): MikroORM {
  const tracked = trackMikroOrmTransactions(orm);
  expectTrue<Equal<typeof tracked, MikroORM>>();
  return tracked;
}

export function refuses(orm: MikroORM): void {
  // @ts-expect-error no MikroORM instance
  trackMikroOrmTransactions({});
  // @ts-expect-error an entity manager is none
  trackMikroOrmTransactions(orm.em);
  // @ts-expect-error no such option
  AirlockMikroOrmModule.forRoot({ orm: 1 });
}
