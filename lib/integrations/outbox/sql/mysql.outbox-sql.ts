import { randomUUID } from 'node:crypto';
import { ALL_COLUMNS, type Claim, OutboxSql, type RunSql } from './statements.js';

/** MySQL from 8.0 on, MariaDB from 10.6 on. @internal */
export class MySqlOutboxSql extends OutboxSql {
  readonly dialect = 'mysql';

  protected override get ownColumns(): readonly string[] {
    return ['claim'];
  }

  get create(): readonly string[] {
    return [
      `create table if not exists ${this.name} (
  id varchar(255) character set ascii collate ascii_bin not null primary key,
  position int not null,
  effect text character set utf8mb4 not null,
  envelope longtext character set utf8mb4 not null,
  written_at bigint not null,
  due_at bigint not null,
  held boolean not null default true,
  attempts int not null default 0,
  error text character set utf8mb4,
  claim char(36) character set ascii collate ascii_bin,
  key ${this.quote(`${this.table}_due`)} (due_at, position),
  key ${this.quote(`${this.table}_written`)} (written_at)
) engine = InnoDB`,
    ];
  }

  /** `unix_timestamp(now(3))` would go through the time zone of the session, and its summer. */
  readonly clock =
    'select unix_timestamp() * 1000 + microsecond(now(3)) div 1000 as millis, @@autocommit as autocommit';
  readonly locate = 'select database() as place';
  override readonly echo = 'select ? as echoed';

  get insertMany(): string {
    return `insert into ${this.name} (id, position, effect, envelope, written_at, due_at)
select rows_of.id, rows_of.position, rows_of.effect, rows_of.envelope, times.written_at, times.due_at
from json_table(?, '$[*]' columns (
  id varchar(255) path '$.id',
  position int path '$.position',
  effect text path '$.effect',
  envelope longtext path '$.envelope'
)) as rows_of, (select ? as written_at, ? as due_at) as times`;
  }

  /**
   * There is no `returning`: the claim marks its rows, and reads them by the mark. With
   * `sql_safe_updates`, MariaDB and MySQL refuse an update through a derived table, unless the
   * statement switches that off, each in its own syntax. It says in which order to join: another
   * one goes through a small table, and waits for transactions that have written into it.
   */
  async claim(run: RunSql, wanted: Claim): Promise<readonly object[]> {
    const claim = randomUUID();
    const { until } = wanted;
    const { sql, values } = this.wanted(wanted);
    await run(
      `/*M! set statement sql_safe_updates = 0 for */ update /*+ set_var(sql_safe_updates = 0) */ (
  ${sql} for update skip locked
) as due straight_join ${this.name} as claimed force index (primary) on claimed.id = due.id set claimed.due_at = ?, claimed.held = true, claimed.claim = ?`,
      [...values, until, claim],
    );
    const mine = `select ${ALL_COLUMNS} from ${this.name} where due_at = ? and claim = ?`;
    const rows = await run(mine, [until, claim]);
    // A copy that lags shows them as due still. Not asked otherwise: a read that locks waits for such
    // transactions too, and may have one of them fail by a deadlock.
    if (rows.length > 0 || (await run(sql, values)).length === 0) return rows;
    return run(`${mine}${this.ofPrimary}`, [until, claim]);
  }

  protected quote(identifier: string): string {
    return `\`${identifier.replaceAll('`', '``')}\``;
  }

  protected placeholder(): string {
    return '?';
  }
}
