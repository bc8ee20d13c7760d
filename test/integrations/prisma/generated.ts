import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaPg as PrismaPg6 } from '@prisma/adapter-pg-6';
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { filesIn } from '../../package/built.js';

/**
 * What the suites call of the client of `schema.prisma`: it is generated when they run, so that
 * nothing else knows its types.
 */
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

/** A major of Prisma, and the names under which its packages are installed here. */
export interface Major {
  readonly number: 6 | 7;
  readonly cli: string;
  readonly client: string;
  /** Whether `tx.$transaction(…)` is a savepoint. */
  readonly hasSavepoints: boolean;
  /** `@prisma/adapter-pg`. */
  readonly onPostgres: (
    connection: { connectionString: string; max?: number },
    schema?: string,
  ) => SqlDriverAdapterFactory;
}

export const prisma7: Major = {
  number: 7,
  cli: 'prisma',
  client: '@prisma/client',
  hasSavepoints: true,
  onPostgres: (connection, schema) =>
    new PrismaPg(connection, schema === undefined ? {} : { schema }),
};

/** Its engine of WebAssembly, which needs no binary. */
const prisma6: Major = {
  number: 6,
  cli: 'prisma-6',
  client: '@prisma/client-6',
  hasSavepoints: false,
  // The contract of a driver adapter is the same in both.
  onPostgres: (connection, schema) =>
    new PrismaPg6(
      connection,
      schema === undefined ? {} : { schema },
    ) as unknown as SqlDriverAdapterFactory,
};

export const MAJORS: readonly (readonly [name: string, major: Major])[] = [
  ['Prisma 7', prisma7],
  ['Prisma 6', prisma6],
];

const root = join(__dirname, '../../..');

/**
 * Generates the client where it is not there yet. Nothing is downloaded: any file passes for the
 * engine, which only migrations need.
 */
export function clientOf(provider: Provider, major = prisma7): string {
  const folder = join(__dirname, 'generated', `${provider}-${versionOf(major)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(join(__dirname, 'generated'), { recursive: true });
  const made = mkdtempSync(join(__dirname, 'generated/making-'));
  writeFileSync(join(made, 'schema.prisma'), schemaFor(provider, major));
  execFileSync(
    process.execPath,
    [join(root, 'node_modules', major.cli, 'build/index.js'), 'generate', '--no-hints'],
    {
      cwd: made,
      env: {
        ...process.env,
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        CHECKPOINT_DISABLE: '1',
      },
      stdio: 'pipe',
    },
  );
  for (const file of filesIn(join(made, 'generated'))) {
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replaceAll('"@prisma/client/', `"${major.client}/`),
    );
  }
  try {
    renameSync(join(made, 'generated'), folder);
  } catch (error) {
    // The other worker was faster.
    if (!existsSync(folder)) throw error;
  }
  rmSync(made, { recursive: true });
  return folder;
}

function versionOf({ cli }: Major): string {
  const manifest = readFileSync(join(root, 'node_modules', cli, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** Prisma 6 wants a URL in the schema, and has another engine unless it is told. */
function schemaFor(provider: Provider, { number }: Major): string {
  const schema = readFileSync(join(__dirname, 'schema.prisma'), 'utf8');
  const source = `provider = "${provider}"`;
  if (number === 7) return schema.replace('provider = "postgresql"', source);
  return schema
    .replace('provider = "postgresql"', `${source}\n  url      = "${provider}://unused"`)
    .replace('moduleFormat', 'engineType   = "client"\n  moduleFormat');
}

type ClientClass = new (options: { adapter: SqlDriverAdapterFactory }) => OrdersClient;

export function classOfClients(provider: Provider, major = prisma7): ClientClass {
  return (require(join(clientOf(provider, major), 'client')) as { PrismaClient: ClientClass })
    .PrismaClient;
}

/** A client of the tables in `schema.prisma`. */
export function newClient(
  provider: Provider,
  adapter: SqlDriverAdapterFactory,
  major = prisma7,
): OrdersClient {
  return new (classOfClients(provider, major))({ adapter });
}

/** The same on PostgreSQL. @param max how many connections at most */
export function clientOnPostgres(url: string, major?: Major, max?: number): OrdersClient {
  const connection = { connectionString: url, max };
  return newClient('postgresql', (major ?? prisma7).onPostgres(connection), major);
}
