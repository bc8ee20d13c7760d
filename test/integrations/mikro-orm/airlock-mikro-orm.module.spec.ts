import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { MikroORM } from '@mikro-orm/postgresql';
import { AirlockOptionsError, AirlockService, enqueue } from 'nestjs-airlock';
import { AirlockMikroOrmModule } from 'nestjs-airlock/mikro-orm';
import { boot, checkAfterEach } from '../../e2e/http/fixtures.js';
import { describeWith, postgres } from '../../servers.js';
import { errorOf, send, sent } from '../../unit/core/fixtures.js';

const connect = (): Promise<MikroORM> =>
  MikroORM.init({
    clientUrl: postgres.url,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    logger: () => {},
  });

@Injectable()
class Repository {
  constructor(@Inject('CONNECTED') readonly orm: MikroORM) {}
}

@Injectable()
class Orders {
  constructor(@Inject(AirlockService) private readonly airlock: AirlockService) {}

  /** Its transaction rolls back, and the error is swallowed. */
  async place(orm: MikroORM): Promise<void> {
    await this.airlock.run(async () => {
      await orm.em
        .fork()
        .transactional(async () => {
          enqueue(send, 'inside');
          throw new Error('no stock');
        })
        .catch(() => {});
      enqueue(send, 'outside');
    });
  }
}

checkAfterEach();

describeWith(postgres, 'AirlockMikroOrmModule', () => {
  const instances: MikroORM[] = [];
  const opened = async (): Promise<MikroORM> => {
    const orm = await connect();
    instances.push(orm);
    return orm;
  };
  beforeEach(() => {
    sent.length = 0;
  });
  afterEach(() => Promise.all(instances.splice(0).map((orm) => orm.close(true))));

  describe('when an application imports it', () => {
    it('tracks transactions of the instance that is a provider, of those made later, and of none once it has shut down', async () => {
      const orm = await opened();
      const { app } = await boot({
        imports: [AirlockMikroOrmModule.forRoot()],
        providers: [{ provide: MikroORM, useValue: orm }, Orders],
      });
      const orders = app.get(Orders);
      await orders.place(app.get(MikroORM));
      await orders.place(await opened());
      expect(sent).toEqual(['outside', 'outside']);
      const connection = orm.em.getConnection();
      const methods = () =>
        (['transactional', 'begin', 'commit', 'rollback'] as const).map(
          (key) => Object.getOwnPropertySymbols(connection[key]).length,
        );
      expect(methods()).toEqual([1, 1, 1, 1]);
      await app.close();
      expect(methods()).toEqual([0, 0, 0, 0]);
    });

    it('finds one by its token, and one in a property of a provider', async () => {
      const orm = await opened();
      const providers = [{ provide: 'CONNECTED', useFactory: () => ({ orm }) }, Orders];
      const { app } = await boot({ imports: [AirlockMikroOrmModule.forRoot()], providers });
      await app.get(Orders).place(orm);
      expect(sent).toEqual(['outside']);
      const named = await boot({
        imports: [AirlockMikroOrmModule.forRoot({ token: 'CONNECTED' })],
        providers: [{ provide: 'CONNECTED', useValue: orm }, Repository, Orders],
      });
      await named.app.get(Orders).place(named.app.get(Repository).orm);
      expect(sent).toEqual(['outside', 'outside']);
    });
  });

  describe('when a provider has a getter `em` that throws', () => {
    it('boots, and does not call it', async () => {
      let calls = 0;
      const useValue = {
        get em(): never {
          calls++;
          throw new Error('no request is being handled');
        },
      };
      const orm = await opened();
      const providers = [
        { provide: 'TENANT', useValue },
        { provide: MikroORM, useValue: orm },
        Orders,
      ];
      const { app } = await boot({ imports: [AirlockMikroOrmModule.forRoot()], providers });
      await app.get(Orders).place(orm);
      expect({ sent, calls }).toEqual({ sent: ['outside'], calls: 0 });
    });
  });

  describe('when there is no instance', () => {
    it.each([
      ['at all', {}],
      ['under the token', { token: Orders }],
      ['and no provider under the token', { token: 'NOWHERE' }],
    ])('refuses the boot: %s', async (_what, options) => {
      const error = await errorOf(() =>
        boot({ imports: [AirlockMikroOrmModule.forRoot(options)], providers: [Orders] }),
      );
      expect(error).toBeInstanceOf(AirlockOptionsError);
    });

    it('boots where it is optional, and covers those made later, such as one for each tenant', async () => {
      const { app } = await boot({
        imports: [AirlockMikroOrmModule.forRoot({ optional: true })],
        providers: [Orders],
      });
      await app.get(Orders).place(await opened());
      expect(sent).toEqual(['outside']);
    });

    it('boots where it is optional, whatever the environment says to MikroORM, which stays as it is', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'mikro-orm-'));
      const file = join(folder, '.env');
      writeFileSync(file, 'MIKRO_ORM_HOST=elsewhere');
      const environment = {
        MIKRO_ORM_ENV: file,
        MIKRO_ORM_ENTITIES: './dist/**/*.entity.js',
        MIKRO_ORM_ENTITIES_TS: './src/**/*.entity.ts',
        MIKRO_ORM_TYPE: 'libsql',
      };
      Object.assign(process.env, environment);
      try {
        const { app } = await boot({
          imports: [AirlockMikroOrmModule.forRoot({ optional: true })],
          providers: [Orders],
        });
        for (const key of Object.keys(environment)) delete process.env[key];
        expect(process.env['MIKRO_ORM_HOST']).toBeUndefined();
        await app.get(Orders).place(await opened());
        expect(sent).toEqual(['outside']);
      } finally {
        for (const key of [...Object.keys(environment), 'MIKRO_ORM_HOST']) delete process.env[key];
        rmSync(folder, { recursive: true });
      }
    });
  });
});
