import type { ControlledTransaction, Kysely, Transaction } from 'kysely';
import { AirlockKyselyModule, trackKyselyTransactions } from 'nestjs-airlock/kysely';
import type { KyselyTransaction } from '../../../lib/integrations/kysely/kysely.client.js';
import { type Equal, expectTrue } from '../../types/expect.js';

interface Tables {
  orders: { item: string };
}

/** Instances fit, and keep their own type. */
export function fits(db: Kysely<Tables>): Kysely<Tables> {
  const kept = trackKyselyTransactions(db);
  expectTrue<Equal<typeof kept, Kysely<Tables>>>();
  return kept;
}

/** What Kysely hands out has what is called of it. */
export function hasWhatIsCalled(
  tx: Transaction<Tables>,
  controlled: ControlledTransaction<Tables>,
): readonly Pick<KyselyTransaction, 'getExecutor'>[] {
  return [tx, controlled];
}

export function refuses(): void {
  // @ts-expect-error no Kysely instance
  trackKyselyTransactions({});
  // @ts-expect-error no such option
  AirlockKyselyModule.forRoot({ db: 1 });
}
