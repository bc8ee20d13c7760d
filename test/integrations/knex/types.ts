import type { Knex } from 'knex';
import { AirlockKnexModule, trackKnexTransactions, type KnexClient } from 'nestjs-airlock/knex';
import { type Equal, expectTrue } from '../../types/expect.js';

/** Instances and transactions fit, and keep their own type. */
export function fits(knex: Knex, trx: Knex.Transaction): readonly KnexClient[] {
  const kept = trackKnexTransactions(knex);
  expectTrue<Equal<typeof kept, Knex>>();
  return [kept, trackKnexTransactions(trx, { name: 'orders' })];
}

export function refuses(): void {
  // @ts-expect-error no Knex instance
  trackKnexTransactions({});
  // @ts-expect-error no such option
  AirlockKnexModule.forRoot({ tokens: [] });
}
