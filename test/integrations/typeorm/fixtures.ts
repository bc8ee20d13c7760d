import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import { Column, DataSource, type DataSourceOptions, Entity, PrimaryColumn } from 'typeorm';
import { freshSchema } from '../../servers.js';

@Entity()
export class Order {
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { default: '' })
  note!: string;
}

/** A data source that tracks transactions, on tables of its own. */
export async function connected(
  options: Partial<Pick<DataSourceOptions, 'extra' | 'subscribers'>> = {},
): Promise<{ readonly dataSource: DataSource; readonly close: () => Promise<void> }> {
  const schema = await freshSchema();
  const dataSource = new DataSource({
    type: 'postgres',
    url: schema.url,
    entities: [Order],
    synchronize: true,
    ...options,
  });
  trackTypeOrmTransactions(dataSource);
  await dataSource.initialize();
  return {
    dataSource,
    close: async () => {
      await dataSource.destroy();
      await schema.drop();
    },
  };
}

/** The orders that everybody can see. */
export async function ordersIn(dataSource: DataSource): Promise<string[]> {
  return (await dataSource.getRepository(Order).find({ order: { id: 'ASC' } })).map(({ id }) => id);
}
