import { Module } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';

// What `prisma generate` makes of the schema.
declare class PrismaClient {
  $transaction<T>(work: (tx: PrismaClient) => Promise<T>): Promise<T>;
}
// …
