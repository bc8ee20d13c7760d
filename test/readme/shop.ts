// What the `@example`s in `lib/` use and do not show: a small shop.
import type { CanActivate, DynamicModule, INestApplication, Provider } from '@nestjs/common';
import type { Options } from '@mikro-orm/postgresql';
import type { Dialect } from 'kysely';
import type { AirlockService, EffectBuffer, FrameConnection, Policy } from 'nestjs-airlock';
import type { AirlockOutbox } from 'nestjs-airlock/outbox';
import type { PrismaClientLike } from 'nestjs-airlock/prisma';

import 'nestjs-airlock/testing/jest-globals';

export { expect } from '@jest/globals';
export { MikroORM } from '@mikro-orm/postgresql';
export { ClsPluginTransactional } from '@nestjs-cls/transactional';
export { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
export { Kysely } from 'kysely';
export { Sequelize } from 'sequelize';
export { DataSource } from 'typeorm';

export declare class MailService {
  sendReceipt(orderId: number): Promise<void>;
}
export declare class OrderService {
  place(orderId: number): Promise<void>;
  list(): Promise<readonly { id: number }[]>;
}
export declare class ShopSettings {
  readonly isReadOnly: boolean;
}
export interface Connection extends FrameConnection {
  query(sql: string): Promise<unknown>;
  rows(sql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export declare class AdminGuard implements CanActivate {
  canActivate(): boolean;
}
export declare class AppModule {}
export declare class Tenants {}
export declare class MutedTenants implements Policy {}
/** As Prisma generates it. */
export declare class PrismaClient implements PrismaClientLike {
  constructor(options: { adapter: object });
  readonly $transaction: PrismaClientLike['$transaction'];
}
/** Not installed here. */
export declare class MikroOrmModule {
  static forRoot(options: Options): DynamicModule;
}
export interface Tables {
  orders: { item: string };
}

export declare const app: INestApplication;
export declare const mail: MailService;
export declare const adapter: object;
export declare const config: Options;
export declare const dialect: Dialect;
export declare const url: string;
export declare const logger: { warn(message: string): void };
export declare const metrics: { count(name: string, labels: object): void };
export declare const outbox: AirlockOutbox;
export declare function bootWeb(providers: readonly Provider[]): Promise<INestApplication>;
export declare function bootWorker(
  providers: readonly Provider[],
): Promise<{ readonly jobs: readonly { id: string }[] }>;
export declare function closeBoth(...both: readonly object[]): Promise<void>;
export declare function work(): Promise<void>;
export declare function request(server: unknown): {
  post(path: string): { send(body: object): Promise<void> };
};
export declare const order: { readonly id: number };
export declare const orders: OrderService;
export declare const queue: { add(name: string, data: object): Promise<{ id: string }> };
export declare const smtp: {
  readonly sent: readonly object[];
  sendMail(mail: object): Promise<unknown>;
};
export declare const connection: Connection;
export declare const database: {
  transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
};
export declare function notifyWarehouse(orderId: number): Promise<void>;
export declare function refund(orderId: number): Promise<void>;

export declare const airlock: AirlockService;
export declare const effects: EffectBuffer;
