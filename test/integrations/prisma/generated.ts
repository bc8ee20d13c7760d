import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';

/** What the suites call of the client of `schema.prisma`: it is generated when they run, so that nothing else knows its types. */
export interface OrdersClient extends OrdersTransaction {
  $transaction<T>(
    work: (tx: OrdersClient) => Promise<T>,
    options?: { isolationLevel?: string; timeout?: number; maxWait?: number },
  ): Promise<T>;
  $transaction(queries: readonly PromiseLike<unknown>[]): Promise<unknown[]>;
  $extends(extension: object): OrdersClient;
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
}

interface OrdersTransaction {
  $queryRawUnsafe<T>(query: string, ...values: unknown[]): Promise<T>;
  $executeRawUnsafe(query: string, ...values: unknown[]): Promise<number>;
  readonly order: {
    create(args: { data: { item: string } }): Promise<{ id: number; item: string }>;
    findMany(args?: object): Promise<{ item: string }[]>;
  };
}

type Provider = 'postgresql' | 'mysql';

const root = join(__dirname, '../../..');
const { version } = JSON.parse(readFileSync(join(root, 'node_modules/prisma/package.json'), 'utf8')) as {
  version: string;
};

/** Generates the client where it is not there yet. Nothing is downloaded: any file passes for the engine, which only migrations need. */
export function clientOf(provider: Provider): string {
  const folder = join(__dirname, 'generated', `${provider}-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(join(__dirname, 'generated'), { recursive: true });
  const made = mkdtempSync(join(__dirname, 'generated/making-'));
  const schema = readFileSync(join(__dirname, 'schema.prisma'), 'utf8').replace('"postgresql"', `"${provider}"`);
  writeFileSync(join(made, 'schema.prisma'), schema);
  execFileSync(process.execPath, [join(root, 'node_modules/prisma/build/index.js'), 'generate', '--no-hints'], {
    cwd: made,
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' },
    stdio: 'pipe',
  });
  try {
    renameSync(join(made, 'generated'), folder);
  } catch (error) {
    // The other worker was faster.
    if (!existsSync(folder)) throw error;
  }
  rmSync(made, { recursive: true });
  return folder;
}

type ClientClass = new (options: { adapter: SqlDriverAdapterFactory }) => OrdersClient;

export function classOfClients(provider: Provider): ClientClass {
  return (require(join(clientOf(provider), 'client')) as { PrismaClient: ClientClass }).PrismaClient;
}

/** A client of the tables in `schema.prisma`. */
export function newClient(provider: Provider, adapter: SqlDriverAdapterFactory): OrdersClient {
  return new (classOfClients(provider))({ adapter });
}
