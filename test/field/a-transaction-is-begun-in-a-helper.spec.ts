import { MikroORM } from '@mikro-orm/postgresql';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  type NestInterceptor,
  Post,
  UseInterceptors,
} from '@nestjs/common';
import { knex } from 'knex';
import { Kysely, PostgresDialect } from 'kysely';
import { AirlockService, enqueue, enqueueWith, type Executor, runInScope } from 'nestjs-airlock';
import { trackKnexTransactions } from 'nestjs-airlock/knex';
import { trackKyselyTransactions } from 'nestjs-airlock/kysely';
import { trackMikroOrmTransactions } from 'nestjs-airlock/mikro-orm';
import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import { Pool } from 'pg';
import { catchError, concatMap, type Observable } from 'rxjs';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';
import { setImmediate } from 'node:timers/promises';
import { boot, Effects, listen, platforms } from '../e2e/http/fixtures.js';
import { describeWith, postgres } from '../servers.js';
import { checkAfterEach, send, sent } from '../unit/core/fixtures.js';

/** A transaction begun by a function that others await, as a "unit of work" of many applications. */
interface Begun {
  commit(): Promise<unknown>;
  rollback(): Promise<unknown>;
}

interface Client {
  begin(): Promise<Begun>;
  close(): Promise<unknown>;
}

const clients: Record<string, () => Promise<Client>> = {
  TypeORM: async () => {
    const dataSource = trackTypeOrmTransactions(
      new DataSource({ type: 'postgres', url: postgres.url }),
    );
    await dataSource.initialize();
    return {
      begin: async () => {
        const runner = dataSource.createQueryRunner();
        await runner.connect();
        await runner.startTransaction();
        return {
          commit: async () => (await runner.commitTransaction(), runner.release()),
          rollback: async () => (await runner.rollbackTransaction(), runner.release()),
        };
      },
      close: () => dataSource.destroy(),
    };
  },
  Knex: async () => {
    const db = trackKnexTransactions(knex({ client: 'pg', connection: postgres.url }));
    return {
      begin: async () => {
        await setImmediate();
        return db.transaction();
      },
      close: () => db.destroy(),
    };
  },
  Kysely: async () => {
    const db = trackKyselyTransactions(
      new Kysely<object>({
        dialect: new PostgresDialect({ pool: new Pool({ connectionString: postgres.url }) }),
      }),
    );
    return {
      begin: async () => {
        await setImmediate();
        const transaction = await db.startTransaction().execute();
        return {
          commit: () => transaction.commit().execute(),
          rollback: () => transaction.rollback().execute(),
        };
      },
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
    return {
      begin: async () => {
        const em = orm.em.fork();
        await setImmediate();
        await em.begin();
        return { commit: () => em.commit(), rollback: () => em.rollback() };
      },
      close: () => orm.close(true),
    };
  },
  Sequelize: async () => {
    const sequelize = trackSequelizeTransactions(new Sequelize(postgres.url, { logging: false }));
    return {
      begin: async () => {
        await setImmediate();
        return sequelize.transaction();
      },
      close: () => sequelize.close(),
    };
  },
};

checkAfterEach();

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
        const transaction = await client.begin();
        enqueue(send, 'in it');
        enqueueWith({ survivesRollback: true }, send, 'survivor');
        await transaction.rollback();
        enqueue(send, 'after');
      });
      expect(sent).toEqual(['before', 'survivor', 'after']);
    });

    it('lets it out where it commits', async () => {
      await runInScope(async () => {
        const transaction = await client.begin();
        enqueue(send, 'in it');
        await transaction.commit();
      });
      expect(sent).toEqual(['in it']);
    });

    it('tells one transaction after the other apart', async () => {
      await runInScope(async () => {
        for (const item of ['tea', 'soup', 'milk']) {
          const transaction = await client.begin();
          enqueue(send, item);
          await (item === 'soup' ? transaction.rollback() : transaction.commit());
        }
      });
      expect(sent).toEqual(['tea', 'milk']);
    });

    it('takes calls of none that are another one’s, where several are open at once', async () => {
      const { app, log, sent: out } = await boot({});
      const effects = app.get(Effects);
      await app.get(AirlockService).run(async () => {
        const [tea, soup] = [await client.begin(), await client.begin()];
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

  describe.each(platforms)('in an interceptor on %s', (_name, platform) => {
    let client: Client;
    beforeAll(async () => {
      client = await clients['TypeORM']!();
    });
    afterAll(() => client.close());

    /** The way in which many applications put a transaction around each request. */
    class Transactional implements NestInterceptor {
      async intercept(_context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
        const transaction = await client.begin();
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
