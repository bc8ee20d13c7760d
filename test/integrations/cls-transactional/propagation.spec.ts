import { Propagation, type TransactionHost } from '@nestjs-cls/transactional';
import { TransactionalAdapterDrizzleOrm } from '@nestjs-cls/transactional-adapter-drizzle-orm';
import { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
import { sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { enqueue, runInScope } from 'nestjs-airlock';
import { trackClsTransactions } from 'nestjs-airlock/cls-transactional';
import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { describeWith, freshSchema, postgres } from '../../servers.js';
import { checkAfterEach, send, sent } from '../../unit/core/fixtures.js';
import { bootHosts, type Connection, hostOf, PgAdapter } from './fixtures.js';

checkAfterEach();

type Ending = 'completes' | 'fails';

/** A client behind an adapter, and how it runs a statement in whatever transaction is current. */
interface Client {
  readonly adapter: Connection['adapter'];
  query(host: TransactionHost, text: string): Promise<readonly { id?: unknown }[]>;
  close(): Promise<void>;
}

async function typeOrm(
  url: string,
  prepare: (dataSource: DataSource) => DataSource,
): Promise<Client> {
  const dataSource = prepare(await new DataSource({ type: 'postgres', url }).initialize());
  const adapter = new TransactionalAdapterTypeOrm({ dataSourceToken: undefined });
  return {
    adapter: Object.assign(adapter, { connection: dataSource }),
    query: (host, text) => (host as TransactionHost<TransactionalAdapterTypeOrm>).tx.query(text),
    close: () => dataSource.destroy(),
  };
}

const clients: Record<string, (url: string) => Promise<Client>> = {
  TypeORM: (url) => typeOrm(url, (dataSource) => dataSource),
  'TypeORM whose transactions are tracked anyway': (url) => typeOrm(url, trackTypeOrmTransactions),
  Drizzle: async (connectionString) => {
    const pool = new Pool({ connectionString });
    const adapter = new TransactionalAdapterDrizzleOrm<NodePgDatabase>({
      drizzleInstanceToken: undefined,
    });
    return Promise.resolve({
      adapter: Object.assign(adapter, { connection: drizzle(pool) }),
      query: async (host, text) =>
        (await (host as TransactionHost<typeof adapter>).tx.execute(sql.raw(text))).rows as {
          id?: unknown;
        }[],
      close: () => pool.end(),
    });
  },
  'a client without frames': async (connectionString) => {
    const pool = new Pool({ connectionString });
    return Promise.resolve({
      adapter: new PgAdapter(pool),
      query: async (host, text) =>
        (await (host as TransactionHost<PgAdapter>).tx.query(text)).rows as { id?: unknown }[],
      close: () => pool.end(),
    });
  },
};

describeWith(postgres, 'the propagation modes of cls-transactional', () => {
  describe.each(Object.entries(clients))('on %s', (clientName, connect) => {
    let main: TransactionHost;
    let audit: TransactionHost;
    let run: (host: TransactionHost, text: string) => Promise<readonly { id?: unknown }[]>;
    let close: () => Promise<void>;

    beforeAll(async () => {
      const schema = await freshSchema();
      const [first, second] = [await connect(schema.url), await connect(schema.url)];
      const connections = [
        { name: `main ${clientName}`, adapter: trackClsTransactions(first.adapter) },
        { name: `audit ${clientName}`, adapter: trackClsTransactions(second.adapter) },
      ] as const;
      const app = await bootHosts(...connections);
      main = hostOf(app, connections[0]);
      audit = hostOf(app, connections[1]);
      run = (host, text) => first.query(host, text);
      close = async () => {
        await app.close();
        await first.close();
        await second.close();
        await schema.drop();
      };
      await run(main, 'create table step (id text primary key)');
    });
    beforeEach(() => run(main, 'delete from step'));
    afterAll(() => close());

    /** The row first or the call: neither may make a difference. */
    const place = async (id: string, host = main): Promise<void> => {
      enqueue(send, id);
      await run(host, `insert into step values ('${id}')`);
    };
    const end = (ending: Ending): void => {
      if (ending === 'fails') throw new Error('refused');
    };
    /** What is stored and what got out, which is to be the same. */
    const outcome = async (): Promise<unknown[]> => {
      const rows = (await run(main, 'select id from step order by id')).map(({ id }) => id);
      expect(sent.toSorted()).toEqual(rows);
      return rows;
    };

    const inner = (propagation: Propagation, ending: Ending): Promise<void> =>
      main.withTransaction(propagation, async () => {
        await place('2 inner');
        end(ending);
      });
    const inAnother = (
      propagation: Propagation,
      [ofInner, ofOuter]: readonly [Ending, Ending],
    ): Promise<void> =>
      runInScope(() =>
        main
          .withTransaction(async () => {
            await inner(propagation, ofInner).catch(() => {});
            await place('3 outer');
            end(ofOuter);
          })
          .catch(() => {}),
      );

    describe('when called in no transaction', () => {
      it.each<[Propagation, string[]]>([
        [Propagation.Required, []],
        [Propagation.RequiresNew, []],
        [Propagation.Nested, []],
        [Propagation.Supports, ['2 inner']],
        [Propagation.NotSupported, ['2 inner']],
        [Propagation.Never, ['2 inner']],
      ])(
        '%s lets out what is stored: %j if it fails, all if it completes',
        async (propagation, stored) => {
          await runInScope(() => inner(propagation, 'fails').catch(() => {}));
          expect(await outcome()).toEqual(stored);
          sent.length = 0;
          await run(main, 'delete from step');
          await runInScope(() => inner(propagation, 'completes'));
          expect(await outcome()).toEqual(['2 inner']);
        },
      );

      it('MANDATORY refuses', async () => {
        await runInScope(() =>
          expect(() => inner(Propagation.Mandatory, 'completes')).toThrow(
            'no existing transaction is active',
          ),
        );
        expect(await outcome()).toEqual([]);
      });
    });

    describe('when called in a transaction', () => {
      it.each<[Propagation, string[]]>([
        [Propagation.Required, []],
        [Propagation.Supports, []],
        [Propagation.Mandatory, []],
        [Propagation.Nested, []],
        [Propagation.RequiresNew, ['2 inner']],
        [Propagation.NotSupported, ['2 inner']],
      ])(
        '%s that completes lets out what is stored after a rollback around it: %j',
        async (propagation, stored) => {
          await inAnother(propagation, ['completes', 'fails']);
          expect(await outcome()).toEqual(stored);
        },
      );

      it.each<[Propagation, string[]]>([
        [Propagation.Required, ['2 inner', '3 outer']],
        [Propagation.Supports, ['2 inner', '3 outer']],
        [Propagation.Mandatory, ['2 inner', '3 outer']],
        [Propagation.NotSupported, ['2 inner', '3 outer']],
        [Propagation.Nested, ['3 outer']],
        [Propagation.RequiresNew, ['3 outer']],
      ])(
        '%s that fails lets out what is stored where its error is swallowed: %j',
        async (propagation, stored) => {
          await inAnother(propagation, ['fails', 'completes']);
          expect(await outcome()).toEqual(stored);
        },
      );

      it('NEVER refuses', async () => {
        await runInScope(() =>
          main.withTransaction(async () => {
            expect(() => inner(Propagation.Never, 'completes')).toThrow('already active');
            await place('3 outer');
          }),
        );
        expect(await outcome()).toEqual(['3 outer']);
      });
    });

    describe('when a suspended transaction is taken up again', () => {
      it('takes calls again, and so do others that begin meanwhile', async () => {
        await runInScope(() =>
          main
            .withTransaction(async () => {
              await place('1 lost');
              await main.withTransaction(Propagation.NotSupported, async () => {
                await place('2 suspended');
                await main
                  .withTransaction(Propagation.Required, async () => {
                    await place('3 lost');
                    await main.withTransaction(Propagation.Nested, () => place('4 lost'));
                    end('fails');
                  })
                  .catch(() => {});
                await main.withTransaction(Propagation.Nested, () => place('5 kept'));
                await place('6 suspended');
              });
              await place('7 lost');
              end('fails');
            })
            .catch(() => {}),
        );
        expect(await outcome()).toEqual(['2 suspended', '5 kept', '6 suspended']);
      });
    });

    describe('when savepoints lie in one another', () => {
      it('gives each call the fate of its own', async () => {
        const nested = (work: () => Promise<void>): Promise<void> =>
          main.withTransaction(Propagation.Nested, work);
        await runInScope(() =>
          main.withTransaction(async () => {
            await place('1');
            await nested(async () => {
              await place('2 lost');
              await nested(() => place('3 lost'));
              end('fails');
            }).catch(() => {});
            await nested(async () => {
              await place('4');
              await nested(async () => {
                await place('5 lost');
                end('fails');
              }).catch(() => {});
            });
          }),
        );
        expect(await outcome()).toEqual(['1', '4']);
      });
    });

    describe('when two connections are in use', () => {
      it('gives each call the fate of the innermost transaction, of whichever it is', async () => {
        await runInScope(() =>
          main
            .withTransaction(async () => {
              await audit.withTransaction(() => place('1 audited', audit));
              await audit
                .withTransaction(async () => {
                  await place('2 lost', audit);
                  end('fails');
                })
                .catch(() => {});
              await place('3 lost');
              end('fails');
            })
            .catch(() => {}),
        );
        expect(await outcome()).toEqual(['1 audited']);
      });

      it('suspends the one without the other', async () => {
        await runInScope(() =>
          main
            .withTransaction(async () => {
              await audit.withTransaction(async () => {
                await audit.withTransaction(Propagation.NotSupported, () => place('1 lost'));
                await place('2 audited', audit);
              });
              end('fails');
            })
            .catch(() => {}),
        );
        expect(await outcome()).toEqual(['2 audited']);
      });

      it('takes a savepoint in its own one', async () => {
        await runInScope(() =>
          main.withTransaction(async () => {
            await audit
              .withTransaction(async () => {
                await main.withTransaction(Propagation.Nested, () => place('1 kept'));
                await place('2 lost', audit);
                end('fails');
              })
              .catch(() => {});
          }),
        );
        expect(await outcome()).toEqual(['1 kept']);
      });
    });

    describe('when effects run that waited for the commit', () => {
      it('leaves them no ended transaction to work in', async () => {
        const seen: unknown[] = [];
        await main.withTransaction(() =>
          runInScope(async () => {
            enqueue(async () => {
              seen.push(main.isTransactionActive(), await run(main, 'select 1 as id'));
              await main.withTransaction(() => place('1 of the effect’s own'));
            });
          }),
        );
        expect(seen).toEqual([false, [{ id: 1 }]]);
        expect(await outcome()).toEqual(['1 of the effect’s own']);
      });
    });
  });
});
