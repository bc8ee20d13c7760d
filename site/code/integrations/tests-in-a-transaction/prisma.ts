import { afterEach, beforeEach } from '@jest/globals';
import { beginTestTransaction } from 'nestjs-airlock/testing';

// What `prisma generate` makes of the schema.
declare class PrismaClient {
  $transaction<T>(work: (tx: PrismaClient) => Promise<T>, options: { timeout: number }): Promise<T>;
}

declare const prisma: PrismaClient;
// …
