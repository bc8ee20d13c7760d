import type { FrameOptions } from '../../core/transaction-frame.js';
import type { PrismaTransaction } from './prisma.client.js';

/** What the frames of a transaction can do on its database. @internal */
export type Database = Pick<FrameOptions, 'connection' | 'isStillOpen'>;

/**
 * @param provider as the schema names it
 * @internal
 */
export function databaseOf(provider: unknown, tx: PrismaTransaction): Database {
  switch (provider) {
    case 'postgresql':
    case 'cockroachdb':
      return {
        connection: {
          executeSql: async (text, values = []) => ({
            rows: (await tx.$queryRawUnsafe(text, ...values)) as unknown[],
          }),
        },
        // After a failed statement whose error was swallowed it refuses all further ones, and Prisma takes its answer to COMMIT for one.
        isStillOpen: () => answers(tx, 'select 1'),
      };
    case 'mysql':
      return { isStillOpen: () => isInTransaction(tx) };
    default:
      return {};
  }
}

async function answers(tx: PrismaTransaction, query: string): Promise<boolean> {
  try {
    await tx.$queryRawUnsafe(query);
    return true;
  } catch {
    return false;
  }
}

/** A deadlock rolls back the whole transaction and fails one statement only. MariaDB can be asked; MySQL, by SQL, cannot, and is believed. */
async function isInTransaction(tx: PrismaTransaction): Promise<boolean> {
  const [server] = (await tx.$queryRawUnsafe('select version() as version')) as { version: string }[];
  if (!server!.version.includes('MariaDB')) return true;
  const [answer] = (await tx.$queryRawUnsafe('select @@in_transaction as open')) as { open: unknown }[];
  return Number(answer!.open) === 1;
}
