// Places an order in a transaction, and is dead before its effects are handed over.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AirlockModule,
  AirlockService,
  type Executor,
  InProcessExecutor,
  SideEffect,
} from 'nestjs-airlock';
import { AirlockOutboxModule, OutboxExecutor } from 'nestjs-airlock/outbox';
import { Pool } from 'pg';
import { PgTransaction } from '../pg/pg.adapter.js';

const { OUTBOX_URL, OUTBOX_ENGINE } = process.env;
const die = (): void => void process.kill(process.pid, 'SIGKILL');

@Injectable()
class Mail {
  @SideEffect()
  async send(_text: string): Promise<void> {
    die();
    await new Promise(() => {});
  }
}

const pool = new Pool({ connectionString: OUTBOX_URL! });
const engine: Executor = { remote: true, execute: die };

@Module({
  imports: [
    AirlockModule.forRoot({ executor: OutboxExecutor }),
    AirlockOutboxModule.forRoot({
      dialect: 'postgres',
      connection: pool,
      executor: OUTBOX_ENGINE === 'in process' ? InProcessExecutor : engine,
      sweepAfterMs: 1_000,
    }),
  ],
  providers: [Mail],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
await app.get(AirlockService).run(() =>
  PgTransaction.in(pool)(async (tx) => {
    for (const id of ['a', 'b', 'c']) {
      await tx.executeSql('insert into orders (id) values ($1)', [id]);
      await app.get(Mail).send(id);
    }
  }),
);
