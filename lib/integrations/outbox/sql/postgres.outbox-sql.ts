import { ALL_COLUMNS, type Claim, OutboxSql, type RunSql } from './statements.js';

/** @internal */
export class PostgresOutboxSql extends OutboxSql {
  readonly dialect = 'postgres';
  readonly clock = 'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as millis';

  get create(): readonly string[] {
    return [
      `create table if not exists ${this.name} (
  id text primary key,
  position integer not null,
  effect text not null,
  envelope text not null,
  written_at bigint not null,
  due_at bigint not null,
  held boolean not null default true,
  attempts integer not null default 0,
  error text
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)`,
      `create index if not exists ${this.quote(`${this.table}_due`)} on ${this.name} (due_at, position)`,
      `create index if not exists ${this.quote(`${this.table}_written`)} on ${this.name} (written_at)`,
    ];
  }

  /** @param catalog the database, which refuses statements that name another one */
  constructor(
    table: string,
    schema: string | undefined,
    private readonly catalog?: string,
  ) {
    super(table, schema);
  }

  override get name(): string {
    return this.catalog === undefined ? super.name : `${this.quote(this.catalog)}.${super.name}`;
  }

  /** Prisma 6 does not read values of the type `name`. */
  get locate(): string {
    const name = `'${this.name.replaceAll("'", "''")}'`;
    return `select nspname::text as place, current_database()::text as catalog from pg_namespace join pg_class on relnamespace = pg_namespace.oid where pg_class.oid = to_regclass(${name})`;
  }

  get insertMany(): string {
    // Parameters come in the order of the text, each once: clients with `?` as a placeholder can do
    // no more.
    return `with given (list, written_at, due_at) as (select $1::json, $2::bigint, $3::bigint)
insert into ${this.name} (id, position, effect, envelope, written_at, due_at)
select row.id, row.position, row.effect, row.envelope, given.written_at, given.due_at
from given, json_to_recordset(given.list) as row (id text, position integer, effect text, envelope text)`;
  }

  claim(run: RunSql, wanted: Claim): Promise<readonly object[]> {
    const { sql, values } = this.wanted(wanted, 1);
    return run(
      `update ${this.name} set due_at = $1, held = true where id in (
  ${sql} for update skip locked
) returning ${ALL_COLUMNS}`,
      [wanted.until, ...values],
    );
  }

  protected quote(identifier: string): string {
    return `"${identifier.replaceAll('"', '""')}"`;
  }

  protected placeholder(index: number): string {
    return `$${index}`;
  }
}
