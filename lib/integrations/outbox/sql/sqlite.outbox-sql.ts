import { ALL_COLUMNS, type Claim, OutboxSql, type RunSql } from './statements.js';

/** SQLite from 3.35 on. @internal */
export class SqliteOutboxSql extends OutboxSql {
  readonly dialect = 'sqlite';
  readonly clock = "select cast((julianday('now') - 2440587.5) * 86400000 as integer) as millis";
  readonly locate = undefined;
  /** A file has no copies. */
  protected override readonly ofPrimary = '';

  get create(): readonly string[] {
    const schema = this.schema === undefined ? '' : `${this.quote(this.schema)}.`;
    const index = (name: string): string => schema + this.quote(`${this.table}_${name}`);
    return [
      `create table if not exists ${this.name} (
  id text primary key,
  position integer not null,
  effect text not null,
  envelope text not null,
  written_at integer not null,
  due_at integer not null,
  held boolean not null default true,
  attempts integer not null default 0,
  error text
) without rowid`,
      `create index if not exists ${index('due')} on ${this.quote(this.table)} (due_at, position)`,
      `create index if not exists ${index('written')} on ${this.quote(this.table)} (written_at)`,
    ];
  }

  get insertMany(): string {
    return `insert into ${this.name} (id, position, effect, envelope, written_at, due_at)
select json_extract(value, '$.id'), json_extract(value, '$.position'), json_extract(value, '$.effect'), json_extract(value, '$.envelope'), written_at, due_at
from json_each(?), (select ? as written_at, ? as due_at)`;
  }

  /**
   * Claims by one statement, which is a transaction and takes the writer's lock as `begin
   * immediate` does.
   */
  claim(run: RunSql, wanted: Claim): Promise<readonly object[]> {
    const { sql, values } = this.wanted(wanted, 1);
    return run(
      `update ${this.name} set due_at = ?, held = true where id in (
  ${sql}
) returning ${ALL_COLUMNS}`,
      [wanted.until, ...values],
    );
  }

  protected quote(identifier: string): string {
    return `"${identifier.replaceAll('"', '""')}"`;
  }

  protected placeholder(): string {
    return '?';
  }
}
