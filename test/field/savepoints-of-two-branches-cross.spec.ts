import fc from 'fast-check';
import { enqueue } from 'nestjs-airlock';
import { type ControlledTransaction, Kysely, PostgresDialect, sql } from 'kysely';
import { trackKyselyTransactions } from 'nestjs-airlock/kysely';
import { Pool } from 'pg';
import { AirlockRuntime } from '../../lib/core/runtime.js';
import { describeWith, freshSchema, postgres } from '../servers.js';
import { checkAfterEach, send, sent } from '../unit/core/fixtures.js';
import { gate } from '../unit/testing/fixtures.js';

// Branches of `Promise.all` take savepoints of one controlled transaction of Kysely, each its own, and release or
// roll them back in any order. For the server they lie in one another, in the order of their statements.

interface Action {
  readonly branch: 'a' | 'b';
  readonly does: 'step' | 'savepoint' | 'release' | 'rollback';
}
type Transaction = ControlledTransaction<unknown, string[]>;

const actions = fc.array(
  fc.record<Action>({
    branch: fc.constantFrom('a', 'b'),
    does: fc.constantFrom<Action['does'][]>('step', 'step', 'savepoint', 'release', 'rollback'),
  }),
  { minLength: 3, maxLength: 12, size: 'max' },
);

checkAfterEach();

describeWith(postgres, 'when branches take savepoints of one controlled transaction', () => {
  let db: Kysely<unknown>;
  let close: () => Promise<void>;

  beforeAll(async () => {
    const schema = await freshSchema();
    const pool = new Pool({ connectionString: schema.url });
    db = trackKyselyTransactions(new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) }));
    close = async () => {
      await db.destroy();
      await schema.drop();
    };
    await sql`create table items (name text)`.execute(db);
  });
  afterAll(() => close());

  /** Each action begins when the one before it has been answered. */
  const run = async (program: readonly Action[]): Promise<void> => {
    const turns = [...program, undefined].map(() => gate());
    const trx = (await db.startTransaction().execute()) as Transaction;

    const branch = async (name: Action['branch']): Promise<void> => {
      let isTaken = false;
      let failed: unknown;
      for (const [index, action] of program.entries()) {
        if (action.branch !== name) continue;
        await turns[index]!.opened;
        const item = `${name}${index}`;
        if (failed !== undefined) {
          turns[index + 1]!.open();
          continue;
        }
        // In this function: the frame of a savepoint that a helper takes would not reach it.
        try {
          if (action.does === 'step') {
            await sql`insert into items values (${item})`.execute(trx);
            enqueue(send, item);
          } else if (action.does === 'savepoint') {
            await trx.savepoint(name).execute();
            isTaken = true;
          } else if (isTaken) {
            if (action.does === 'rollback') await trx.rollbackToSavepoint(name as never).execute();
            await trx.releaseSavepoint(name as never).execute();
            isTaken = false;
          }
        } catch (error) {
          failed = error;
        }
        turns[index + 1]!.open();
      }
      if (failed !== undefined) throw failed;
    };
    turns[0]!.open();
    const ends = await Promise.allSettled([branch('a'), branch('b')]);
    if (ends.every(({ status }) => status === 'fulfilled')) await trx.commit().execute();
    else await trx.rollback().execute();
  };

  it('lets out the effects of the rows that are there', async () => {
    await fc.assert(
      fc.asyncProperty(actions, async (program) => {
        sent.length = 0;
        await sql`delete from items`.execute(db);
        await new AirlockRuntime().run({}, () => run(program));
        const { rows } = await sql<{ name: string }>`select name from items`.execute(db);
        expect(sent.toSorted()).toEqual(rows.map(({ name }) => name).toSorted());
      }),
      { numRuns: 100 },
    );
  });
});
