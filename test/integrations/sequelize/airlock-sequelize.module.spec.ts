import { Inject, Injectable } from '@nestjs/common';
import { AirlockOptionsError, AirlockService, enqueue } from 'nestjs-airlock';
import { AirlockSequelizeModule } from 'nestjs-airlock/sequelize';
import { Sequelize } from 'sequelize';
import { boot, checkAfterEach } from '../../e2e/http/fixtures.js';
import { describeWith, postgres } from '../../servers.js';
import { errorOf, send, sent } from '../../unit/core/fixtures.js';

const DB = Symbol('DB');
const connect = (): Sequelize => new Sequelize(postgres.url, { logging: false });

@Injectable()
class Repository {
  readonly db = connect();
}

@Injectable()
class Orders {
  constructor(@Inject(AirlockService) private readonly airlock: AirlockService) {}

  /** Its transaction rolls back, and the error is swallowed. */
  async place(db: Sequelize): Promise<void> {
    await this.airlock.run(async () => {
      await db
        .transaction(async () => {
          enqueue(send, 'inside');
          throw new Error('no stock');
        })
        .catch(() => {});
      enqueue(send, 'outside');
    });
  }
}

checkAfterEach();

describeWith(postgres, 'AirlockSequelizeModule', () => {
  beforeEach(() => {
    sent.length = 0;
  });
  const instances: Sequelize[] = [];
  afterEach(() => Promise.all(instances.splice(0).map((db) => db.close())));
  const opened = (): Sequelize => {
    const db = connect();
    instances.push(db);
    return db;
  };

  describe('when an application imports it', () => {
    it('tracks transactions of the instance that is a provider, of those made later, and of none once it has shut down', async () => {
      const db = opened();
      const { app } = await boot({
        imports: [AirlockSequelizeModule.forRoot()],
        providers: [{ provide: DB, useValue: db }, Orders],
      });
      const orders = app.get(Orders);
      await orders.place(app.get<Sequelize>(DB));
      await orders.place(opened());
      expect(sent).toEqual(['outside', 'outside']);
      await app.close();
      const { transaction } = Object.getPrototypeOf(db) as { transaction: object };
      expect(Object.getOwnPropertySymbols(transaction)).toEqual([]);
    });

    it('tracks transactions of each class that it finds, where Sequelize is installed twice', async () => {
      const first = opened();
      let other!: typeof import('sequelize');
      await jest.isolateModulesAsync(async () => {
        other = await import('sequelize');
      });
      const second = new other.Sequelize(postgres.url, { logging: false });
      instances.push(second);
      expect(second).not.toBeInstanceOf(Sequelize);
      await boot({
        imports: [AirlockSequelizeModule.forRoot()],
        providers: [
          { provide: DB, useValue: first },
          { provide: 'OTHER', useValue: second },
        ],
      });
      const replaced = [first, second].map((db) => Object.getOwnPropertySymbols(Reflect.get(db, 'transaction')));
      expect(replaced).toEqual([[expect.any(Symbol)], [expect.any(Symbol)]]);
    });

    it('finds one in a property of a provider', async () => {
      const { app } = await boot({ imports: [AirlockSequelizeModule.forRoot()], providers: [Repository, Orders] });
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
        boot({ imports: [AirlockSequelizeModule.forRoot(options)], providers: [Orders] }),
      );
      expect(error).toBeInstanceOf(AirlockOptionsError);
    });
  });
});
