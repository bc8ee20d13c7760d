import { Inject, Injectable } from '@nestjs/common';
import type { Kysely } from 'kysely';
import { AirlockOptionsError, AirlockService, enqueue } from 'nestjs-airlock';
import { AirlockKyselyModule } from 'nestjs-airlock/kysely';
import { Pool } from 'pg';
import { boot, checkAfterEach } from '../../e2e/http/fixtures.js';
import { describeWith, postgres } from '../../servers.js';
import { errorOf, send, sent } from '../../unit/core/fixtures.js';
import { type KyselyVersion, VERSIONS } from './versions.js';

const DB = Symbol('DB');
const connect = ({ Kysely, PostgresDialect }: KyselyVersion): Kysely<object> =>
  new Kysely<object>({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: postgres.url }) }) });

@Injectable()
class Orders {
  constructor(@Inject(AirlockService) private readonly airlock: AirlockService) {}

  /** Its transaction rolls back, and the error is swallowed. */
  async place(db: Kysely<object>): Promise<void> {
    await this.airlock.run(async () => {
      await db
        .transaction()
        .execute(async () => {
          enqueue(send, 'inside');
          throw new Error('no stock');
        })
        .catch(() => {});
      enqueue(send, 'outside');
    });
  }
}

checkAfterEach();

describeWith(postgres, 'AirlockKyselyModule', () => {
  describe.each(VERSIONS)('on %s', (_version, kysely) => {
    beforeEach(() => {
      sent.length = 0;
    });
    const instances: Kysely<object>[] = [];
    afterEach(() => Promise.all(instances.splice(0).map((db) => db.destroy())));
    const opened = (): Kysely<object> => {
      const db = connect(kysely);
      instances.push(db);
      return db;
    };

    describe('when an application imports it', () => {
      it('tracks transactions of the instance that is a provider, of those made later, and of none once it has shut down', async () => {
        const db = opened();
        const { app } = await boot({
          imports: [AirlockKyselyModule.forRoot()],
          providers: [{ provide: DB, useValue: db }, Orders],
        });
        const orders = app.get(Orders);
        await orders.place(app.get<Kysely<object>>(DB));
        await orders.place(opened());
        expect(sent).toEqual(['outside', 'outside']);
        await app.close();
        const { execute } = Object.getPrototypeOf(db.transaction()) as { execute: object };
        expect(Object.getOwnPropertySymbols(execute)).toEqual([]);
      });

      it('tracks transactions of each class that it finds, where Kysely is installed twice', async () => {
        const first = opened();
        const [, other] = VERSIONS.find(([, version]) => version !== kysely)!;
        const second = connect(other);
        instances.push(second);
        expect(second).not.toBeInstanceOf(kysely.Kysely);
        const { app } = await boot({
          imports: [AirlockKyselyModule.forRoot()],
          providers: [{ provide: DB, useValue: first }, { provide: 'OTHER', useValue: second }, Orders],
        });
        await app.get(Orders).place(first);
        await app.get(Orders).place(second);
        expect(sent).toEqual(['outside', 'outside']);
      });

      it('takes back what it has replaced on the class of controlled transactions', async () => {
        const db = opened();
        const { app } = await boot({
          imports: [AirlockKyselyModule.forRoot()],
          providers: [{ provide: DB, useValue: db }],
        });
        const trx = await db.startTransaction().execute();
        await trx.rollback().execute();
        const { commit, withSchema } = Object.getPrototypeOf(trx) as { commit: object; withSchema: object };
        expect([commit, withSchema].flatMap(Object.getOwnPropertySymbols)).toHaveLength(2);
        await app.close();
        const after = Object.getPrototypeOf(trx) as { commit: object; withSchema: object };
        expect([after.commit, after.withSchema].flatMap(Object.getOwnPropertySymbols)).toEqual([]);
      });

      it('finds one in a property of a provider', async () => {
        class Repository {
          readonly db = connect(kysely);
        }
        const { app } = await boot({ imports: [AirlockKyselyModule.forRoot()], providers: [Repository, Orders] });
        const { db } = app.get(Repository);
        instances.push(db);
        await app.get(Orders).place(db);
        expect(sent).toEqual(['outside']);
      });
    });

    describe('when there is no instance', () => {
      it.each([
        ['at all', {}],
        ['under the token', { token: Orders }],
        ['and no provider under the token', { token: 'NOWHERE' }],
      ])('refuses the boot: %s', async (_what, options) => {
        const error = await errorOf(() =>
          boot({ imports: [AirlockKyselyModule.forRoot(options)], providers: [Orders] }),
        );
        expect(error).toBeInstanceOf(AirlockOptionsError);
      });
    });
  });
});
