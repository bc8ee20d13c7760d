import { AirlockSequelizeModule } from 'nestjs-airlock/sequelize';
import { QueryTypes, Sequelize } from 'sequelize';
import { boot } from '../../e2e/http/fixtures.js';
import { freshSchema, postgres } from '../../servers.js';
import { describeFramesModule } from '../frames-module.suite.js';

describeFramesModule<Sequelize>(
  {
    name: 'AirlockSequelizeModule',
    forRoot: (options) => AirlockSequelizeModule.forRoot(options),
    notFound: 'Sequelize instance',
    expected: 'Expected `sequelize` to be a Sequelize instance',
    isByClass: true,
    open: async () => {
      const schema = await freshSchema();
      const client = new Sequelize(schema.url, { logging: false });
      await client.query('create table orders (item text)');
      return { client, close: () => client.close().then(() => schema.drop()) };
    },
    items: async (sequelize) => {
      const rows = await sequelize.query<{ item: string }>(
        'select item from orders order by item',
        {
          type: QueryTypes.SELECT,
        },
      );
      return rows.map(({ item }) => item);
    },
    transaction: (sequelize, item, work) =>
      sequelize.transaction(async (transaction) => {
        await sequelize.query('insert into orders values (:item)', {
          replacements: { item },
          transaction,
        });
        await work();
      }),
  },
  ({ shop, clients }) => {
    it('tracks transactions of each class that it finds, where Sequelize is installed twice', async () => {
      let copy!: typeof import('sequelize');
      await jest.isolateModulesAsync(async () => {
        copy = await import('sequelize');
      });
      const other = new copy.Sequelize(postgres.url, { logging: false });
      expect(other).not.toBeInstanceOf(Sequelize);
      const { app } = await boot({
        imports: [clients(), AirlockSequelizeModule.forRoot()],
        providers: [{ provide: 'OTHER', useValue: other }],
      });
      const replaced = () =>
        [shop(), other].map((one) => Object.getOwnPropertySymbols(Reflect.get(one, 'transaction')));
      expect(replaced()).toEqual([[expect.any(Symbol)], [expect.any(Symbol)]]);
      await app.close();
      expect(replaced()).toEqual([[], []]);
      await other.close();
    });
  },
);
