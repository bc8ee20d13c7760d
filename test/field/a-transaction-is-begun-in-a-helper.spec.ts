import type { Transaction } from '@mikro-orm/core';
import { MikroORM } from '@mikro-orm/postgresql';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  type NestInterceptor,
  Post,
  UseInterceptors,
} from '@nestjs/common';
import { type Knex, knex } from 'knex';
import { type ControlledTransaction, Kysely, PostgresDialect } from 'kysely';
import {
  AirlockService,
  AllowAll,
  enqueue,
  enqueueWith,
  type Executor,
  runInScope,
  withPolicy,
} from 'nestjs-airlock';
import { trackKnexTransactions } from 'nestjs-airlock/knex';
import { trackKyselyTransactions } from 'nestjs-airlock/kysely';
import { trackMikroOrmTransactions } from 'nestjs-airlock/mikro-orm';
import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import { beginTestTransaction } from 'nestjs-airlock/testing';
import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import { Pool } from 'pg';
import { catchError, concatMap, type Observable } from 'rxjs';
import { Sequelize, type Transaction as SequelizeTransaction } from 'sequelize';
import { DataSource, type QueryRunner } from 'typeorm';
import { setImmediate } from 'node:timers/promises';
import {
  boot,
  checkAfterEach as closeAfterEach,
  Effects,
  gate,
  listen,
  platforms,
} from '../e2e/http/fixtures.js';
import { describeWith, postgres } from '../servers.js';
import { checkAfterEach, send, sent } from '../unit/core/fixtures.js';

/** A transaction or savepoint that is begun and ended by statements. */
interface Begun {
  readonly commit: () => Promise<unknown>;
  readonly rollback: () => Promise<unknown>;
  readonly savepoint: () => Promise<Begun>;
  /** Runs work in a savepoint, where the client has one with a callback. */
  readonly inSavepoint?: (work: () => Promise<void>) => Promise<unknown>;
}

interface Client {
  readonly begin: () => Promise<Begun>;
  close(): Promise<unknown>;
}

/** As a "unit of work" of many applications begins a transaction: by a function that others await. */
async function helped(begin: () => Promise<Begun>): Promise<Begun> {
  await setImmediate();
  return begin();
}

const clients: Record<string, () => Promise<Client>> = {
  TypeORM: async () => {
    const dataSource = trackTypeOrmTransactions(
      new DataSource({ type: 'postgres', url: postgres.url }),
    );
    await dataSource.initialize();
    const startOn = async (runner: QueryRunner): Promise<Begun> => {
      await runner.startTransaction();
      const end = async (statement: Promise<void>): Promise<void> => {
        await statement;
        if (!runner.isTransactionActive) await runner.release();
      };
      return {
        commit: () => end(runner.commitTransaction()),
        rollback: () => end(runner.rollbackTransaction()),
        savepoint: () => startOn(runner),
        inSavepoint: (work) => runner.manager.transaction(work),
      };
    };
    return {
      begin: () => startOn(dataSource.createQueryRunner()),
      close: () => dataSource.destroy(),
    };
  },
  Knex: async () => {
    const db = trackKnexTransactions(knex({ client: 'pg', connection: postgres.url }));
    const begun = (trx: Knex.Transaction): Begun => ({
      commit: async () => trx.commit(),
      rollback: async () => trx.rollback(),
      savepoint: () => trx.transaction().then(begun),
      inSavepoint: (work) => trx.transaction(work),
    });
    return { begin: () => db.transaction().then(begun), close: () => db.destroy() };
  },
  // As `startTransaction` of Objection begins one, and many a promise around a handler.
  'Knex, by a handler that hands it out': async () => {
    const db = trackKnexTransactions(knex({ client: 'pg', connection: postgres.url }));
    const startOn = (on: Knex): Promise<Begun> =>
      new Promise((resolve, reject) => {
        const handOut = (trx: Knex.Transaction): void => {
          resolve({
            commit: async () => trx.commit(),
            rollback: async () => trx.rollback(),
            savepoint: () => startOn(trx),
            inSavepoint: (work) => trx.transaction(work),
          });
        };
        on.transaction(handOut).catch(reject);
      });
    return { begin: () => startOn(db), close: () => db.destroy() };
  },
  Kysely: async () => {
    const db = trackKyselyTransactions(
      new Kysely<object>({
        dialect: new PostgresDialect({ pool: new Pool({ connectionString: postgres.url }) }),
      }),
    );
    const begun = (trx: ControlledTransaction<object>): Begun => ({
      commit: () => trx.commit().execute(),
      rollback: () => trx.rollback().execute(),
      savepoint: async () => {
        // Its name is that of the one around it.
        const inner = await trx.savepoint('point').execute();
        return {
          commit: () => inner.releaseSavepoint('point').execute(),
          // It stays open.
          rollback: () => inner.rollbackToSavepoint('point').execute(),
          savepoint: () => begun(trx).savepoint(),
        };
      },
    });
    return {
      begin: () => db.startTransaction().execute().then(begun),
      close: () => db.destroy(),
    };
  },
  MikroORM: async () => {
    const orm = trackMikroOrmTransactions(
      await MikroORM.init({
        clientUrl: postgres.url,
        entities: [],
        discovery: { warnWhenNoEntities: false },
      }),
    );
    const begin = async (ctx?: Transaction): Promise<Begun> => {
      const em = orm.em.fork();
      await em.begin(ctx && { ctx });
      return {
        commit: () => em.commit(),
        rollback: () => em.rollback(),
        savepoint: () => begin(em.getTransactionContext()),
        inSavepoint: (work) => em.transactional(work),
      };
    };
    return { begin: () => begin(), close: () => orm.close(true) };
  },
  Sequelize: async () => {
    const sequelize = trackSequelizeTransactions(new Sequelize(postgres.url, { logging: false }));
    const begun = (transaction: SequelizeTransaction): Begun => ({
      commit: () => transaction.commit(),
      rollback: () => transaction.rollback(),
      savepoint: () => sequelize.transaction({ transaction }).then(begun),
      inSavepoint: (work) => sequelize.transaction({ transaction }, work),
    });
    return { begin: () => sequelize.transaction().then(begun), close: () => sequelize.close() };
  },
};

checkAfterEach();
closeAfterEach();

describeWith(postgres, 'A transaction that a helper begins', () => {
  describe.each(Object.keys(clients))('with %s', (name) => {
    let client: Client;
    beforeAll(async () => {
      client = await clients[name]!();
    });
    afterAll(() => client.close());

    it('drops with its rollback what was called in it, although the error is swallowed', async () => {
      await runInScope(async () => {
        enqueue(send, 'before');
        const transaction = await helped(client.begin);
        enqueue(send, 'in it');
        enqueueWith({ survivesRollback: true }, send, 'survivor');
        await transaction.rollback();
        enqueue(send, 'after');
      });
      expect(sent).toEqual(['before', 'survivor', 'after']);
    });

    it('lets it out where it commits', async () => {
      await runInScope(async () => {
        const transaction = await helped(client.begin);
        enqueue(send, 'in it');
        await transaction.commit();
      });
      expect(sent).toEqual(['in it']);
    });

    it.each(['rollback', 'commit'] as const)(
      'does so where the helper has a scope of its own, which ends before: %s',
      async (end) => {
        // It says that its scope ends before its transaction.
        const log = jest.spyOn(console, 'error').mockImplementation();
        await runInScope(async () => {
          const transaction = await runInScope(() => {
            enqueue(send, 'before');
            return helped(client.begin);
          });
          enqueue(send, 'in it');
          await runInScope(() => transaction[end]());
          enqueue(send, 'after');
        });
        expect(sent).toEqual(['before', ...(end === 'commit' ? ['in it'] : []), 'after']);
        log.mockRestore();
      },
    );

    it('takes no calls of another one that was begun under a policy of its own', async () => {
      const warn = jest.spyOn(console, 'warn').mockImplementation();
      await runInScope(async () => {
        const [lost, kept] = await Promise.all(
          [1, 2].map(() => withPolicy(AllowAll, () => helped(client.begin))),
        );
        enqueue(send, 'of either');
        await lost!.rollback();
        await kept!.commit();
      });
      expect(sent).toEqual(['of either']);
      expect(String(warn.mock.calls[0])).toContain('it cannot be told whose calls these are');
      warn.mockRestore();
    });

    it('tells one transaction after the other apart', async () => {
      await runInScope(async () => {
        for (const item of ['tea', 'soup', 'milk']) {
          const transaction = await helped(client.begin);
          enqueue(send, item);
          await (item === 'soup' ? transaction.rollback() : transaction.commit());
        }
      });
      expect(sent).toEqual(['tea', 'milk']);
    });

    it('gives each savepoint that another helper takes the fate of its own', async () => {
      await runInScope(async () => {
        const transaction = await helped(client.begin);
        enqueue(send, '1');
        const first = await helped(transaction.savepoint);
        enqueue(send, '2 lost');
        await first.rollback();
        enqueue(send, '3');
        const second = await helped(transaction.savepoint);
        enqueue(send, '4 lost');
        const inner = await helped(second.savepoint);
        enqueue(send, '5 lost');
        await inner.commit();
        enqueue(send, '6 lost');
        await second.rollback();
        const third = await helped(transaction.savepoint);
        enqueue(send, '7');
        await third.commit();
        enqueue(send, '8');
        await transaction.commit();
      });
      expect(sent).toEqual(['1', '3', '7', '8']);
    });

    it('leaves to a savepoint with a callback what is called while it is open', async () => {
      await runInScope(async () => {
        const { inSavepoint, commit } = await helped(client.begin);
        enqueue(send, 'before');
        const begun = gate();
        const running = inSavepoint?.(async () => {
          begun.open();
          await setImmediate();
          enqueue(send, 'in it, lost');
          throw new Error('refused');
        });
        if (running !== undefined) {
          await begun.passed;
          enqueue(send, 'beside it, lost');
          await running.catch(() => {});
        }
        enqueue(send, 'after');
        await commit();
      });
      expect(sent).toEqual(['before', 'after']);
    });

    it('takes calls of none that are another one’s, where several are open at once', async () => {
      const { app, log, sent: out } = await boot({});
      const effects = app.get(Effects);
      await app.get(AirlockService).run(async () => {
        const [tea, soup] = [await helped(client.begin), await helped(client.begin)];
        effects.one('tea');
        effects.one('soup');
        await soup.rollback();
        await tea.commit();
      });
      expect(out).toEqual(['tea', 'soup']);
      expect(log.airlock('warn')).toEqual([
        expect.stringMatching(/was rolled back.*called tea, soup while it was open/),
      ]);
    });
  });

  // TypeORM ends the innermost, whoever asks, so that one who stands in another is refused.
  describe.each(Object.keys(clients).filter((name) => name !== 'TypeORM'))(
    'with %s, in a transaction of the caller',
    (name) => {
      it('gives each savepoint that a helper takes the fate of its own', async () => {
        const client = await clients[name]!();
        await runInScope(async () => {
          await setImmediate();
          const transaction = await client.begin();
          enqueue(send, '1');
          const first = await helped(transaction.savepoint);
          enqueue(send, '2 lost');
          await first.rollback();
          enqueue(send, '3');
          const second = await helped(transaction.savepoint);
          enqueue(send, '4');
          await second.commit();
          enqueue(send, '5');
          await transaction.commit();
        });
        expect(sent).toEqual(['1', '3', '4', '5']);
        await client.close();
      });
    },
  );

  // Of Kysely no transaction is begun in another one, and a savepoint stays open after its rollback.
  describe.each(Object.keys(clients).filter((name) => name !== 'Kysely'))(
    'with %s, in the transaction around a test',
    (name) => {
      it('drops with its rollback what was called in it, and nothing else', async () => {
        const client = await clients[name]!();
        const test = await beginTestTransaction(client.begin);
        await runInScope(async () => {
          enqueue(send, 'before');
          const failed = await helped(test.savepoint);
          enqueue(send, 'lost');
          await failed.rollback();
          const done = await helped(test.savepoint);
          enqueue(send, 'kept');
          await done.commit();
        });
        await test.rollback();
        expect(sent).toEqual(['before', 'kept']);
        await client.close();
      });
    },
  );

  describe.each(platforms)('in an interceptor on %s', (_name, platform) => {
    let client: Client;
    beforeAll(async () => {
      client = await clients['TypeORM']!();
    });
    afterAll(() => client.close());

    /** The way in which many applications put a transaction around each request. */
    class Transactional implements NestInterceptor {
      async intercept(_context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
        const transaction = await helped(client.begin);
        return next.handle().pipe(
          concatMap(async (value) => (await transaction.commit(), value)),
          catchError(async (error: Error) => {
            await transaction.rollback();
            return { failed: error.message };
          }),
        );
      }
    }

    @Controller()
    class Orders {
      constructor(private readonly effects: Effects) {}

      @Post('place')
      @UseInterceptors(Transactional)
      async place(): Promise<void> {
        await setImmediate();
        this.effects.one('receipt');
      }

      @Post('fail')
      @UseInterceptors(Transactional)
      async fail(): Promise<void> {
        this.effects.one('receipt');
        await setImmediate();
        throw new Error('no stock');
      }
    }
    Reflect.defineMetadata('design:paramtypes', [Effects], Orders);

    describe.each(['request', 'handler'] as const)('with the scope opened at the %s', (openAt) => {
      const options = { boundaries: { http: { openAt } } };

      it('drops what the handler called, although the interceptor answers', async () => {
        const { request, fate } = await listen(platform, { controllers: [Orders] }, options);
        expect((await request('/fail', { method: 'POST' })).status).toBe(201);
        expect(await fate()).toEqual({ out: [], dropped: ['receipt'] });
      });

      it('writes with the rows what a transactional executor takes', async () => {
        const writes: unknown[] = [];
        const executor: Executor = {
          transactional: true,
          execute: async (_intent, { connection }) => {
            writes.push(
              (await connection!.executeSql('select now() < statement_timestamp() as inside', []))
                .rows,
            );
          },
        };
        const { request, fate } = await listen(
          platform,
          { controllers: [Orders] },
          { ...options, executor },
        );
        expect((await request('/place', { method: 'POST' })).status).toBe(201);
        await fate();
        expect(writes).toEqual([[{ inside: true }]]);
      });
    });
  });
});
