import knex, { type Knex } from 'knex';
import { MYSQL } from '../own-servers/own.mariadb.js';
import type { Setup } from './setups.js';

export type Row = Readonly<Record<string, unknown>>;

interface Dialect {
  readonly client: 'pg' | 'mysql2';
  readonly tables: readonly string[];
  /** Takes a number that is not given back, whatever becomes of the transaction. */
  readonly nextCall: string;
  readonly lastCall: string;
}

/** Tables of all databases: what was called, and what was seen. */
const common = [
  'create table calls (id int primary key)',
  'create table seen (call_id int not null, engine varchar(20) not null, was_committed boolean not null)',
];

/** In place of a sequence, on MySQL: an engine without transactions gives no number back. */
const COUNTER = [
  'create table call_numbers (n int not null) engine = MyISAM',
  'insert into call_numbers values (0)',
  `create function next_call() returns int modifies sql data
begin
  update call_numbers set n = last_insert_id(n + 1);
  return last_insert_id();
end`,
];

export const DIALECTS: Readonly<Record<Setup['database'], Dialect>> = {
  PostgreSQL: {
    client: 'pg',
    tables: [
      ...common,
      'create table orders (id serial primary key, twin int references orders deferrable initially deferred)',
      'create sequence call_numbers',
    ],
    nextCall: "select nextval('call_numbers') as id",
    lastCall: 'select case when is_called then last_value else 0 end as n from call_numbers',
  },
  MariaDB: {
    client: 'mysql2',
    tables: [
      ...common,
      'create table orders (id int auto_increment primary key, twin int)',
      ...(MYSQL ? COUNTER : ['create sequence call_numbers nocache']),
    ],
    nextCall: `select ${MYSQL ? 'next_call()' : 'nextval(call_numbers)'} as id`,
    lastCall: `select ${MYSQL ? 'n' : 'next_not_cached_value - 1'} as n from call_numbers`,
  },
};

/** A pool of connections, each of which waits a few seconds at most. */
export function connectTo(database: Setup['database'], connection: string, max: number): Knex {
  return knex({
    client: DIALECTS[database].client,
    connection,
    acquireConnectionTimeout: 5_000,
    pool: { min: 0, max, acquireTimeoutMillis: 5_000, createTimeoutMillis: 5_000 },
    log: { warn() {}, error() {} },
  });
}

/** The rows of a statement, with `:names` for values. */
export async function rowsOf(
  on: Knex,
  sql: string,
  values: Readonly<Record<string, unknown>> = {},
): Promise<readonly Row[]> {
  const answer = await on.raw<{ rows: Row[] } | Row[][]>(sql, values as never);
  return 'rows' in answer ? answer.rows : answer[0]!;
}
