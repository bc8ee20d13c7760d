import type { Kysely } from 'kysely';
import { enqueue, runInScope } from 'nestjs-airlock';
import { AirlockKyselyModule } from 'nestjs-airlock/kysely';
import { Pool } from 'pg';
import { boot } from '../../e2e/http/fixtures.js';
import { freshSchema, postgres } from '../../servers.js';
import { describeFramesModule } from '../frames-module.suite.js';
import type { Tables } from './contract.client.js';
import { type KyselyVersion, VERSIONS } from './versions.js';

const connected = (connectionString: string, { Kysely, PostgresDialect }: KyselyVersion) =>
  new Kysely<Tables>({ dialect: new PostgresDialect({ pool: new Pool({ connectionString }) }) });

describe.each(VERSIONS)('on %s', (version, kysely) => {
  describeFramesModule<Kysely<Tables>>(
    {
      name: 'AirlockKyselyModule',
      forRoot: (options) => AirlockKyselyModule.forRoot(options),
      notFound: 'Kysely instance',
      expected: 'Expected `db` to be a Kysely instance',
      isByClass: true,
      isInstalledAsPeer: version === 'Kysely 0.28',
      open: async () => {
        const schema = await freshSchema();
        const client = connected(schema.url, kysely);
        await client.schema.createTable('orders').addColumn('item', 'text').execute();
        return { client, close: () => client.destroy().then(() => schema.drop()) };
      },
      items: async (db) =>
        (await db.selectFrom('orders').select('item').orderBy('item').execute()).map(
          ({ item }) => item,
        ),
      transaction: (db, item, work) =>
        db.transaction().execute(async (tx) => {
          await tx.insertInto('orders').values({ item }).execute();
          await work();
        }),
    },
    ({ shop, clients }) => {
      it('tracks transactions of each class that it finds, where Kysely is installed twice', async () => {
        const other = connected(
          postgres.url,
          VERSIONS.find(([, version]) => version !== kysely)![1],
        );
        expect(other).not.toBeInstanceOf(kysely.Kysely);
        const providers = [{ provide: 'OTHER', useValue: other }];
        await boot({ imports: [clients(), AirlockKyselyModule.forRoot()], providers });
        for (const db of [shop(), other])
          expect(marksOn(db.transaction(), 'execute')).toHaveLength(1);
        await other.destroy();
      });

      it('follows a controlled transaction that outlives the application', async () => {
        const { app } = await boot({ imports: [clients(), AirlockKyselyModule.forRoot()] });
        const sent: string[] = [];
        await runInScope(async () => {
          const trx = await shop().startTransaction().execute();
          enqueue((item: string) => sent.push(item), 'called');
          await app.close();
          await trx.commit().execute();
        });
        expect(sent).toEqual(['called']);
      });
    },
  );
});

/** What Airlock leaves on the methods of a class that it has replaced. */
function marksOn(object: object, ...methods: readonly string[]): readonly symbol[] {
  const prototype = Object.getPrototypeOf(object) as Record<string, object>;
  return methods.flatMap((method) => Object.getOwnPropertySymbols(prototype[method]!));
}
