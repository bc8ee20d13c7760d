import type { MikroORM as AnyMikroOrm } from '@mikro-orm/core';
import { MikroORM as OnMariadb } from '@mikro-orm/mariadb';
import { MikroORM as OnPostgres, type SqlEntityManager } from '@mikro-orm/postgresql';
import { AirlockService, enqueue } from 'nestjs-airlock';
import { AirlockMikroOrmModule } from 'nestjs-airlock/mikro-orm';
import { boot, checkAfterEach } from '../../e2e/http/fixtures.js';
import { describeWith, freshMariadb, mariadb, postgres } from '../../servers.js';
import { errorOf, send, sent } from '../../unit/core/fixtures.js';

checkAfterEach();

const settings = { discovery: { warnWhenNoEntities: false }, entities: [], logger: () => {} };

describeWith(mariadb, 'MariaDB', () => {
  describeWith(postgres, 'when one application has MikroORM on two databases', () => {
    const instances: Record<string, AnyMikroOrm> = {};
    let schema: Awaited<ReturnType<typeof freshMariadb>>;
    beforeAll(async () => {
      schema = await freshMariadb();
      instances['PostgreSQL'] = await OnPostgres.init({
        clientUrl: postgres.url,
        contextName: 'on PostgreSQL',
        ...settings,
      });
      instances['MariaDB'] = (await OnMariadb.init({
        clientUrl: schema.url,
        contextName: 'on MariaDB',
        ...settings,
      })) as never;
    });
    afterAll(async () => {
      await Promise.all(Object.values(instances).map((orm) => orm.close(true)));
      await schema.drop();
    });
    beforeEach(() => {
      sent.length = 0;
    });

    /** One that keeps a savepoint, and one that rolls back. */
    const transactionsOn = async (database: string): Promise<void> => {
      const em = () => instances[database]!.em.fork() as unknown as SqlEntityManager;
      await em().transactional(async (outer) => {
        await outer.transactional(async (inner) => {
          await inner.execute('select 1');
          enqueue(send, 'kept');
        });
      });
      await errorOf(() =>
        em().transactional(async (outer) => {
          await outer.execute('select 1');
          enqueue(send, 'rolled back');
          throw new Error('no stock');
        }),
      );
    };

    it.each([
      ['PostgreSQL', 'MariaDB'],
      ['MariaDB', 'PostgreSQL'],
    ])(
      'tracks that on %s, and leaves alone that on %s, which is not named',
      async (named, other) => {
        const { app } = await boot({
          imports: [AirlockMikroOrmModule.forRoot({ token: 'NAMED' })],
          providers: [{ provide: 'NAMED', useValue: instances[named] }],
        });
        const airlock = app.get(AirlockService);
        await airlock.run(() => transactionsOn(named));
        expect(sent).toEqual(['kept']);
        await airlock.run(() => transactionsOn(other));
        expect(sent).toEqual(['kept', 'kept', 'rolled back']);
      },
    );

    it('tracks both where both are', async () => {
      const { app } = await boot({
        imports: [AirlockMikroOrmModule.forRoot()],
        providers: Object.entries(instances).map(([provide, useValue]) => ({ provide, useValue })),
      });
      await app.get(AirlockService).run(async () => {
        await transactionsOn('PostgreSQL');
        await transactionsOn('MariaDB');
      });
      expect(sent).toEqual(['kept', 'kept']);
    });
  });
});
