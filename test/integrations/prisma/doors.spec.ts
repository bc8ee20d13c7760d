import { PrismaPg } from '@prisma/adapter-pg';
import { trackPrismaTransactions } from 'nestjs-airlock/prisma';
import { checkAfterEach } from '../../unit/core/fixtures.js';
import { describeWith, postgres } from '../../servers.js';
import { describeDoors } from '../doors.js';
import { newClient } from './generated.js';

checkAfterEach();

interface Working {
  work(work: () => Promise<void>): Promise<void>;
}

describeWith(postgres, 'the doors to a transaction of Prisma', () => {
  const prisma = newClient('postgresql', new PrismaPg(postgres.url));
  const before = prisma.$extends({ name: 'before' });
  trackPrismaTransactions(prisma);
  const alone = trackPrismaTransactions(
    newClient('postgresql', new PrismaPg({ connectionString: postgres.url, max: 1 })),
  );
  const after = prisma.$extends({ name: 'after' });
  const working = prisma.$extends({
    model: {
      order: {
        work(this: { $parent: typeof prisma }, work: () => Promise<void>) {
          return this.$parent.$transaction(work);
        },
      },
    },
  });
  const extendedOnly = trackPrismaTransactions(
    newClient('postgresql', new PrismaPg(postgres.url)).$extends({ name: 'kept' }),
  );
  const tenants = (): typeof prisma => trackPrismaTransactions(newClient('postgresql', new PrismaPg(postgres.url)));
  afterAll(() => Promise.all([prisma, alone, extendedOnly].map((client) => client.$disconnect())));

  describeDoors({
    byCallback: {
      '$transaction(callback)': (work) => prisma.$transaction(work),
      '$transaction(callback) of a client that is extended later': (work) => after.$transaction(work),
      '$transaction(callback) of a client that was extended before': (work) => before.$transaction(work),
      '$transaction(callback) of the client of a transaction': (work) =>
        prisma.$transaction(async (tx) => {
          await tx.$transaction(work);
        }),
      '$transaction(callback) of `$parent`, in an extension on the client of a transaction': (work) =>
        working.$transaction(async (tx) => {
          await (tx.order as unknown as Working).work(work);
        }),
      '$transaction(callback) of a client that is kept once it is extended': (work) => extendedOnly.$transaction(work),
      '$transaction(callback) of a client for one tenant, that is kept when it is made': async (work) => {
        const tenant = tenants();
        try {
          await tenant.$transaction(work);
        } finally {
          await tenant.$disconnect();
        }
      },
    },
    notCovered: {
      'BEGIN by $executeRaw, on a pool of one connection': async (work) => {
        await alone.$executeRawUnsafe('begin');
        try {
          await work();
        } finally {
          await alone.$executeRawUnsafe('rollback');
        }
      },
    },
  });
});
