import { Injectable, Module } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';

// What `prisma generate` makes of the schema.
declare class PrismaClient {
  $transaction<T>(work: (tx: PrismaClient) => Promise<T>): Promise<T>;
  readonly order: { create(args: { data: { item: string } }): Promise<{ id: number }> };
}
declare class PrismaService extends PrismaClient {}
declare class PrismaModule {}
declare class MailService {
  sendReceipt(orderId: number): Promise<void>;
}
// …
