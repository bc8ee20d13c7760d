import { freshSchema } from '../../servers.js';
import { type Major, newClient, type OrdersClient, prisma7 } from './generated.js';

/** A client on tables of its own, and the way to them for further ones. */
export async function openPrisma(major = prisma7) {
  const schema = await freshSchema();
  const adapter = major.onPostgres({ connectionString: schema.url }, schemaIn(schema.url));
  const prisma = newClient('postgresql', adapter, major);
  await prisma.$executeRawUnsafe('create table orders (id serial primary key, item text unique)');
  return {
    prisma,
    adapter,
    close: async () => {
      await prisma.$disconnect();
      await schema.drop();
    },
  };
}

/** Prisma names the schema in its statements. */
function schemaIn(url: string): string {
  const [, schema] = /search_path=(\w+)/.exec(new URL(url).searchParams.get('options')!)!;
  return schema!;
}

/** The orders that everybody can see. */
export async function itemsOf(prisma: OrdersClient): Promise<readonly string[]> {
  return (await prisma.order.findMany({ orderBy: { item: 'asc' } })).map(({ item }) => item);
}

const skipped = describe.skip;

/** Cases of nested transactions, which are skipped by name on a major that has none. */
export function describeNested(major: Major, title: string, cases: () => void): void {
  if (major.hasSavepoints) return describe(title, cases);
  skipped(`${title} (skipped: no nested transactions)`, cases);
}
