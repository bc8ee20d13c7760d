import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClsPluginTransactional,
  getTransactionHostToken,
  type TransactionalAdapter,
  TransactionHost,
} from '@nestjs-cls/transactional';
import type { Knex } from 'knex';
import { ClsModule } from 'nestjs-cls';
import type { Pool, PoolClient } from 'pg';

type AnyAdapter = TransactionalAdapter<any, any, any>;

/** One connection of an application: its host takes part in no other's transactions. */
export interface Connection<A extends AnyAdapter = AnyAdapter> {
  readonly name: string | undefined;
  readonly adapter: A;
}

/** An application with some connections. */
export async function bootHosts(...connections: Connection[]): Promise<INestApplicationContext> {
  const plugins = connections.map(
    ({ name, adapter }) =>
      new ClsPluginTransactional({
        adapter,
        enableTransactionProxy: false,
        ...(name === undefined ? {} : { connectionName: name }),
      }),
  );
  @Module({ imports: [ClsModule.forRoot({ global: true, plugins })] })
  class HostModule {}
  return NestFactory.createApplicationContext(HostModule, { logger: false, abortOnError: false });
}

/** The host of one connection, typed by its adapter. */
export function hostOf<A extends AnyAdapter>(
  app: INestApplicationContext,
  { name }: Connection<A>,
): TransactionHost<A> {
  return app.get<TransactionHost<A>>(getTransactionHostToken(name), { strict: false });
}

/** An adapter of a client that Airlock does not know. */
export class PgAdapter implements TransactionalAdapter<
  Pool,
  Pool | PoolClient,
  { isolation?: string }
> {
  constructor(readonly connection: Pool) {}

  optionsFactory = (pool: Pool) => ({
    wrapWithTransaction: async (
      { isolation }: { isolation?: string },
      work: () => Promise<unknown>,
      setTx: (tx?: Pool | PoolClient) => void,
    ): Promise<unknown> => {
      const client = await pool.connect();
      let broken: Error | undefined;
      const onError = (error: Error): void => void (broken = error);
      client.on('error', onError);
      try {
        await client.query(
          isolation === undefined ? 'begin' : `begin isolation level ${isolation}`,
        );
        setTx(client);
        return await concluded(client, work, 'commit', 'rollback');
      } finally {
        client.off('error', onError);
        client.release(broken);
      }
    },
    wrapWithNestedTransaction: async (
      _options: object,
      work: () => Promise<unknown>,
      setTx: (tx?: Pool | PoolClient) => void,
      tx: Pool | PoolClient,
    ): Promise<unknown> => {
      await tx.query('savepoint nested');
      setTx(tx);
      return concluded(
        tx,
        work,
        'release savepoint nested',
        'rollback to savepoint nested; release savepoint nested',
      );
    },
    getFallbackInstance: () => pool,
  });
}

/** The one for Knex, as its package has it, which is not installed here. */
export class KnexAdapter implements TransactionalAdapter<Knex, Knex, Knex.TransactionConfig> {
  constructor(readonly connection: Knex) {}

  optionsFactory = (knex: Knex) => {
    const begun =
      (on: Knex) =>
      (options: Knex.TransactionConfig, work: () => Promise<unknown>, setTx: (tx?: Knex) => void) =>
        on.transaction(async (trx) => {
          setTx(trx);
          return work();
        }, options);
    return {
      wrapWithTransaction: begun(knex),
      wrapWithNestedTransaction: (
        options: Knex.TransactionConfig,
        work: () => Promise<unknown>,
        setTx: (tx?: Knex) => void,
        tx: Knex,
      ) => begun(tx)(options, work, setTx),
      getFallbackInstance: () => knex,
    };
  };
}

async function concluded(
  tx: Pool | PoolClient,
  work: () => Promise<unknown>,
  commit: string,
  rollback: string,
): Promise<unknown> {
  try {
    const value = await work();
    const { command } = await tx.query(commit);
    if (command === 'ROLLBACK') throw new Error('The transaction was aborted.');
    return value;
  } catch (error) {
    await tx.query(rollback).catch(() => {});
    throw error;
  }
}
