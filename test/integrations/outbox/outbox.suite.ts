import type { INestApplicationContext } from '@nestjs/common';
import { AirlockService } from 'nestjs-airlock';
import { AirlockOutbox, OutboxTableError } from 'nestjs-airlock/outbox';
import type { ContractTransaction } from 'nestjs-airlock/testing';
import { errorOf } from '../../unit/core/fixtures.js';
import { until } from '../remote.js';
import { type OutboxClient, rowsOf } from './client.js';
import { boot, Courier, Mail } from './fixtures.js';

/** What JSON, SQL and clients might each take for something of theirs. */
const AWKWARD = [
  '?',
  '$1 :name \\ \\\\',
  `'"\`;--`,
  '\u0000',
  'ü 😀 \u2028',
  '{"a":[1,2]}',
  0.1,
  1e21,
  -0,
  null,
  true,
  { a: [{ b: 'x' }] },
];

/** What every client keeps: rows live and die with the data, and each is handed over. */
export function describeOutbox(
  name: string,
  connect: () => Promise<OutboxClient>,
  { savepoints = true } = {},
): void {
  describe(`An outbox in transactions of ${name}`, () => {
    let client: OutboxClient;
    let courier: Courier;
    let app: INestApplicationContext;
    let mail: Mail;
    let airlock: AirlockService;

    beforeAll(async () => {
      client = await connect();
      for (const table of ['orders', 'wrong'])
        await client.connection.query(`create table ${table} (id varchar(100) primary key)`, []);
    });

    beforeEach(async () => {
      courier = new Courier();
      app = await boot(client, { outbox: { executor: courier } });
      mail = app.get(Mail);
      airlock = app.get(AirlockService);
    });

    afterEach(async () => {
      await app.close();
      await client.connection.query('delete from orders', []);
      await client.connection.query('delete from airlock_outbox', []);
    });

    afterAll(() => client?.close());

    const place = async (tx: Pick<ContractTransaction, 'query'>, id: string): Promise<void> => {
      await tx.query(`insert into orders (id) values ('${id}')`);
      await mail.send(id);
    };
    const orders = async (): Promise<readonly unknown[]> =>
      (await rowsOf(client, 'select id from orders order by id')).map(({ id }) => id);
    const left = (): Promise<readonly unknown[]> => rowsOf(client, 'select * from airlock_outbox');
    const isEmpty = async (): Promise<boolean> => (await left()).length === 0;

    describe('when the transaction commits', () => {
      it('hands over its effects in the order of their calls, and keeps no row of them', async () => {
        const ids = Array.from({ length: 12 }, (_, i) => `order ${String(i).padStart(2, '0')}`);
        await airlock.run(() =>
          client.transaction(async (tx) => {
            for (const id of ids) await place(tx, id);
          }),
        );
        expect(courier.texts).toEqual(ids);
        expect(courier.batches).toEqual([12]);
        expect(await orders()).toEqual(ids);
        await until(isEmpty);
      });

      it('has written them before, with the rows of the order', async () => {
        let seen: readonly unknown[] = [];
        courier.before = async () => {
          seen = (await left()).map((row) => (row as { effect: string }).effect);
        };
        await airlock.run(() => client.transaction((tx) => place(tx, 'a')));
        expect(seen).toEqual(['Mail.send']);
      });

      it('hands them over although the scope fails afterwards: the transaction decides', async () => {
        const work = airlock.run(async () => {
          await client.transaction((tx) => place(tx, 'a'));
          throw new Error('later');
        });
        expect(await errorOf(() => work)).toEqual(new Error('later'));
        expect(courier.texts).toEqual(['a']);
      });

      // Few rows are written in another form than many.
      it.each([1, 11])(
        'carries whatever JSON carries, in %i row(s) as in memory',
        async (count) => {
          courier.before = () => {
            throw new Error('not now');
          };
          await airlock.run(() =>
            client.transaction(async () => {
              for (let i = 0; i < count; i++) await mail.letter(...AWKWARD);
            }),
          );
          courier.before = () => {};
          const outbox = app.get(AirlockOutbox);
          const stuck = await outbox.stuck();
          expect(stuck).toHaveLength(count);
          const { id, ...last } = stuck.at(-1)!;
          expect(last).toMatchObject({ effect: 'mail.letter', attempts: 1, error: 'not now' });
          expect(await outbox.retry(id)).toBe('tried');
          const [intent] = courier.taken;
          expect(intent!.args).toEqual(JSON.parse(JSON.stringify(AWKWARD)));
          expect(intent).toMatchObject({
            id,
            name: 'mail.letter',
            dispatchOptions: { priority: 1 },
          });
        },
      );
    });

    describe('when the transaction rolls back', () => {
      it('leaves neither row nor effect, although the error was swallowed', async () => {
        await airlock.run(async () => {
          const work = client.transaction(async (tx) => {
            await place(tx, 'a');
            throw new Error('no stock');
          });
          await work.catch(() => {});
        });
        expect(await orders()).toEqual([]);
        expect(await left()).toEqual([]);
        expect(courier.texts).toEqual([]);
      });
    });

    if (savepoints) {
      describe('when a savepoint rolls back and the transaction commits', () => {
        it('leaves out the effects of the savepoint only', async () => {
          await airlock.run(() =>
            client.transaction(async (tx) => {
              await place(tx, 'a');
              await tx.savepoint!(async (inner) => {
                await place(inner, 'b');
                throw new Error('no stock');
              }).catch(() => {});
              await tx.savepoint!((inner) => place(inner, 'c'));
            }),
          );
          expect(courier.texts).toEqual(['a', 'c']);
          expect(await orders()).toEqual(['a', 'c']);
        });
      });
    }

    describe('when its table is not there, or has other columns', () => {
      it.each(['absent', 'wrong'])(
        'refuses to start, and says how to create it (%s)',
        async (table) => {
          const error = await errorOf<Error>(async () => {
            const refused = await boot(client, { outbox: { createTable: false, table } });
            await refused.close();
          });
          expect(error).toBeInstanceOf(OutboxTableError);
          expect(error.message).toContain(`\`npx nestjs-airlock outbox-sql ${client.dialect}\``);
        },
      );
    });

    describe('when a process leaves its rows behind', () => {
      it('has another one hand them over, under the same ids, each once', async () => {
        const gone = new Courier();
        let ids: readonly string[] = [];
        const never = new Promise<never>(() => {});
        gone.before = () => never;
        // Without a time limit its effects never end, as in a process that is gone.
        const dying = await boot(client, {
          airlock: { effectTimeoutMs: false },
          outbox: { executor: gone, sweepIntervalMs: false, sweepAfterMs: 300_000 },
        });
        void dying.get(AirlockService).run(async (scope) => {
          await client.transaction(async (tx) => {
            for (const id of ['a', 'b', 'c']) {
              await tx.query(`insert into orders (id) values ('${id}')`);
              await dying.get(Mail).send(id);
            }
            ids = scope.intents.map(({ id }) => id);
          });
        });
        await until(async () => (await left()).length === 3);
        // Its time is over, as it is some seconds after a crash.
        await client.connection.query('update airlock_outbox set due_at = 0', []);
        await until(() => courier.taken.length === 3);
        await until(isEmpty);
        expect(courier.texts).toEqual(['a', 'b', 'c']);
        expect(courier.taken.map(({ id }) => id)).toEqual(ids);
      });
    });

    describe('when an effect is retried by hand that another process is at', () => {
      it('is left to that one', async () => {
        const second = new Courier();
        const other = await boot(client, { outbox: { executor: second } });
        try {
          courier.before = () => {
            throw new Error('not now');
          };
          await airlock.run(() => client.transaction(() => mail.send('a')));
          const [outbox, others] = [app.get(AirlockOutbox), other.get(AirlockOutbox)];
          const { id } = (await outbox.stuck())[0]!;
          let isAtIt = false;
          let open = (): void => {};
          courier.before = () => {
            isAtIt = true;
            return new Promise((resolve) => (open = resolve));
          };
          const retried = outbox.retry(id);
          await until(() => isAtIt);
          expect([await outbox.retry(id), await others.retry(id)]).toEqual(['busy', 'busy']);
          open();
          expect(await retried).toBe('tried');
          await until(isEmpty);
          expect(await others.retry(id)).toBe('absent');
          expect([...courier.texts, ...second.texts]).toEqual(['a']);
        } finally {
          await other.close();
        }
      });
    });

    describe('when two processes look at the same time', () => {
      it('hands over each row once', async () => {
        const second = new Courier();
        const other = await boot(client, { outbox: { executor: second } });
        try {
          courier.before = () => {
            throw new Error('not now');
          };
          const texts = Array.from({ length: 250 }, (_, i) => `text ${i}`);
          await airlock.run(() =>
            client.transaction(async () => {
              for (const text of texts) await mail.send(text);
            }),
          );
          courier.before = () => {};
          await client.connection.query('update airlock_outbox set due_at = 0', []);
          await Promise.all([app.get(AirlockOutbox).sweep(), other.get(AirlockOutbox).sweep()]);
          await until(isEmpty);
          expect([...courier.texts, ...second.texts].map(String).toSorted()).toEqual(
            texts.toSorted(),
          );
        } finally {
          await other.close();
        }
      });
    });
  });
}
