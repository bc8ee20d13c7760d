import type { PGlite } from '@electric-sql/pglite';
import { Propagation, type TransactionHost } from '@nestjs-cls/transactional';
import { TransactionalAdapterDrizzleOrm } from '@nestjs-cls/transactional-adapter-drizzle-orm';
import { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
import { TransactionalAdapterPrisma } from '@nestjs-cls/transactional-adapter-prisma';
import { PrismaPg } from '@prisma/adapter-pg';
import { sql } from 'drizzle-orm';
import { drizzle as nodePostgres, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { drizzle as pglite, type PgliteDatabase } from 'drizzle-orm/pglite';
import { knex as connectKnex } from 'knex';
import { trackClsTransactions } from 'nestjs-airlock/cls-transactional';
import {
  type ContractTransaction,
  describeTransactionContract,
  type TransactionContractClient,
} from 'nestjs-airlock/testing';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { emptyPglite } from '../../pglite.js';
import { describeWith, freshSchema, postgres } from '../../servers.js';
import { queryOf } from '../prisma/contract.client.js';
import { newClient, type OrdersClient } from '../prisma/generated.js';
import { bootHosts, hostOf, KnexAdapter, PgAdapter } from './fixtures.js';

type Query = (sql: string) => Promise<readonly Record<string, unknown>[]>;
type Rows = Record<string, unknown>[];

let count = 0;

/** A client of the contract that does all its work through the host. */
async function contractOf(
  adapter: Parameters<typeof trackClsTransactions>[0],
  options: (isolation: 'serializable') => object,
  queryOf: (host: TransactionHost) => Query,
  end: () => Promise<void>,
): Promise<TransactionContractClient> {
  const connection = { name: `contract ${++count}`, adapter: trackClsTransactions(adapter) };
  const app = await bootHosts(connection);
  const host = hostOf(app, connection);
  const tx: ContractTransaction = {
    query: (text) => queryOf(host)(text),
    savepoint: (fn) => host.withTransaction(Propagation.Nested, () => fn(tx)),
  };
  return {
    transaction: (fn, { isolation } = {}) =>
      host.withTransaction(
        Propagation.RequiresNew,
        isolation === undefined ? {} : options(isolation),
        () => fn(tx),
      ),
    query: (text) => host.withTransaction(Propagation.NotSupported, () => queryOf(host)(text)),
    close: async () => {
      await app.close();
      await end();
    },
  };
}

function quietPool(url: string): Pool {
  const pool = new Pool({ connectionString: url });
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', () => {});
  return pool;
}

describeWith(postgres, 'cls-transactional on PostgreSQL', () => {
  describeTransactionContract('its TypeORM adapter', {
    connect: async () => {
      const schema = await freshSchema();
      const dataSource = await new DataSource({ type: 'postgres', url: schema.url }).initialize();
      const adapter = new TransactionalAdapterTypeOrm({ dataSourceToken: undefined });
      return contractOf(
        Object.assign(adapter, { connection: dataSource }),
        () => ({ isolationLevel: 'SERIALIZABLE' }),
        (host) => (text) => (host as TransactionHost<TransactionalAdapterTypeOrm>).tx.query(text),
        async () => {
          await dataSource.destroy();
          await schema.drop();
        },
      );
    },
  });

  describeTransactionContract('its Drizzle adapter', {
    connect: async () => {
      const schema = await freshSchema();
      const pool = quietPool(schema.url);
      return contractOf(
        drizzleAdapter(nodePostgres(pool)),
        (isolationLevel) => ({ isolationLevel }),
        drizzleQuery,
        async () => {
          await pool.end();
          await schema.drop();
        },
      );
    },
  });

  describeTransactionContract('an adapter for Knex', {
    savepointsInTurn: true,
    connect: async () => {
      const schema = await freshSchema();
      const knex = connectKnex({ client: 'pg', connection: schema.url, log: { warn: () => {} } });
      return contractOf(
        new KnexAdapter(knex),
        (isolationLevel) => ({ isolationLevel }),
        (host) => async (text) =>
          (await (host as TransactionHost<KnexAdapter>).tx.raw<{ rows: Rows }>(text)).rows,
        async () => {
          await knex.destroy();
          await schema.drop();
        },
      );
    },
  });

  describeTransactionContract('its Prisma adapter', {
    connect: async () => {
      const schema = await freshSchema();
      const prisma = newClient('postgresql', new PrismaPg(schema.url));
      const adapter = new TransactionalAdapterPrisma({
        prismaInjectionToken: undefined,
        sqlFlavor: 'postgresql',
        defaultTxOptions: { timeout: 30_000 },
      });
      return contractOf(
        Object.assign(adapter, { connection: prisma }),
        () => ({ isolationLevel: 'Serializable' }),
        (host) => queryOf(host.tx as OrdersClient),
        async () => {
          await prisma.$disconnect();
          await schema.drop();
        },
      );
    },
  });

  describeTransactionContract('an adapter of a client without frames', {
    connect: async () => {
      const schema = await freshSchema();
      const pool = quietPool(schema.url);
      return contractOf(
        new PgAdapter(pool),
        (isolation) => ({ isolation }),
        (host) => async (text) =>
          (await (host as TransactionHost<PgAdapter>).tx.query(text)).rows as Rows,
        async () => {
          await pool.end();
          await schema.drop();
        },
      );
    },
  });
});

describe('cls-transactional on PGlite', () => {
  let shared: PGlite | undefined;
  let users = 0;
  describeTransactionContract('its Drizzle adapter', {
    isServer: false,
    connect: () => {
      const server = (shared ??= emptyPglite());
      users++;
      return contractOf(
        drizzleAdapter(pglite(server)),
        () => ({}),
        drizzleQuery,
        async () => {
          if (--users === 0) await server.close();
        },
      );
    },
  });
});

type Drizzle = NodePgDatabase | PgliteDatabase;

function drizzleAdapter(db: Drizzle): TransactionalAdapterDrizzleOrm<Drizzle> {
  const adapter = new TransactionalAdapterDrizzleOrm<Drizzle>({
    drizzleInstanceToken: undefined,
    // On PGlite, Drizzle makes an empty statement of empty options.
    defaultTxOptions: { isolationLevel: 'read committed' },
  });
  return Object.assign(adapter, { connection: db });
}

function drizzleQuery(host: TransactionHost): Query {
  const { tx } = host as TransactionHost<TransactionalAdapterDrizzleOrm<Drizzle>>;
  return async (text) => (await tx.execute(sql.raw(text))).rows as Rows;
}
