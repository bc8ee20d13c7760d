import { trackPrismaTransactions } from 'nestjs-airlock/prisma';
import { checkAfterEach } from '../../unit/core/fixtures.js';
import { describeWith, postgres } from '../../servers.js';
import { describeDoors, type Door } from '../doors.js';
import { clientOnPostgres, MAJORS } from './generated.js';

checkAfterEach();

interface Working {
  work(work: () => Promise<void>): Promise<void>;
}

describeWith(postgres, 'the doors to a transaction of Prisma', () => {
  describe.each(MAJORS)('%s', (_name, major) => {
    const connect = (max?: number) => clientOnPostgres(postgres.url, major, max);
    const prisma = connect();
    const before = prisma.$extends({ name: 'before' });
    trackPrismaTransactions(prisma);
    const alone = trackPrismaTransactions(connect(1));
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
    const extendedOnly = trackPrismaTransactions(connect().$extends({ name: 'kept' }));
    afterAll(() =>
      Promise.all([prisma, alone, extendedOnly].map((client) => client.$disconnect())),
    );

    const byCallback: Record<string, Door> = {
      '$transaction(callback)': (work) => prisma.$transaction(work),
      '$transaction(callback) of a client that is extended later': (work) =>
        after.$transaction(work),
      '$transaction(callback) of a client that was extended before': (work) =>
        before.$transaction(work),
      '$transaction(callback) of a client that is kept once it is extended': (work) =>
        extendedOnly.$transaction(work),
      '$transaction(callback) of a client for one tenant, that is kept when it is made': async (
        work,
      ) => {
        const tenant = trackPrismaTransactions(connect());
        try {
          await tenant.$transaction(work);
        } finally {
          await tenant.$disconnect();
        }
      },
    };
    const inTransactions: Record<string, Door> = {
      '$transaction(callback) of the client of a transaction': (work) =>
        prisma.$transaction(async (tx) => {
          await tx.$transaction(work);
        }),
      '$transaction(callback) of `$parent`, in an extension on the client of a transaction': (
        work,
      ) =>
        working.$transaction(async (tx) => {
          await (tx.order as unknown as Working).work(work);
        }),
    };

    describeDoors({
      byCallback: major.hasSavepoints ? { ...byCallback, ...inTransactions } : byCallback,
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
});
