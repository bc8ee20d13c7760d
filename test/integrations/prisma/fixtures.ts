import { PrismaPg } from '@prisma/adapter-pg';
import { freshSchema } from '../../servers.js';
import { newClient, type OrdersClient } from './generated.js';

/** A client on tables of its own, and the way to them for further ones. */
export async function openPrisma() {
  const schema = await freshSchema();
  const adapter = adapterFor(schema.url);
  const prisma = newClient('postgresql', adapter);
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
function adapterFor(url: string): PrismaPg {
  const [, schema] = /search_path=(\w+)/.exec(new URL(url).searchParams.get('options')!)!;
  return new PrismaPg(url, { schema: schema! });
}

/** The orders that everybody can see. */
export async function itemsOf(prisma: OrdersClient): Promise<readonly string[]> {
  return (await prisma.order.findMany({ orderBy: { item: 'asc' } })).map(({ item }) => item);
}
