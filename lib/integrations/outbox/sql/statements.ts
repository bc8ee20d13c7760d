import type { SqlDialect } from '../../../core/model/dispatch-context.js';

/** Runs one statement and resolves to its rows. @internal */
export type RunSql = (sql: string, values: unknown[]) => Promise<readonly object[]>;

/** Limits of a claim, and the time until which its rows are nobody else's. @internal */
export interface Claim {
  readonly now: number;
  readonly until: number;
  readonly limit: number;
}

/** Columns that are read of a row. @internal */
export const COLUMNS = 'id, position, effect, envelope, written_at, due_at, attempts, error';

/**
 * The statements of the outbox. Times are milliseconds since 1970, as the processes of the
 * application have them: a difference between their clocks makes a row be looked at a little
 * earlier or later.
 *
 * @internal
 */
export abstract class OutboxSql {
  abstract readonly dialect: SqlDialect;
  /** Creates the table and its index where they are not there. */
  abstract readonly create: readonly string[];
  /** Writes rows, given as one JSON array, a time of writing and one at which they are due. */
  abstract readonly insert: string;

  constructor(
    protected readonly table: string,
    protected readonly schema: string | undefined,
  ) {}

  /** Takes rows that are due, which no other process gets until the claim has run out. */
  abstract claim(run: RunSql, claim: Claim): Promise<readonly object[]>;
  protected abstract quote(identifier: string): string;
  protected abstract placeholder(index: number): string;

  /** The table, for statements and messages. */
  get name(): string {
    const table = this.quote(this.table);
    return this.schema === undefined ? table : `${this.quote(this.schema)}.${table}`;
  }

  /** Reads nothing, and fails where a column is missing. */
  get check(): string {
    return `select ${COLUMNS} from ${this.name} where 1 = 0`;
  }

  /** Takes the ids. */
  remove(count: number): string {
    return `delete from ${this.name} where id in (${this.list(count)})`;
  }

  /** Takes a time and the ids. */
  postpone(count: number): string {
    return `update ${this.name} set due_at = ${this.placeholder(1)} where id in (${this.list(count, 1)})`;
  }

  /** Takes an error, a time and the ids. */
  fail(count: number): string {
    const [error, due] = [this.placeholder(1), this.placeholder(2)];
    const set = `attempts = attempts + 1, error = ${error}, due_at = ${due}`;
    return `update ${this.name} set ${set} where id in (${this.list(count, 2)})`;
  }

  /** Selects rows that have failed, the oldest first. */
  failed(limit: number): string {
    return `select ${COLUMNS} from ${this.name} where attempts > 0 order by written_at, position limit ${limit}`;
  }

  /** Takes an id. */
  get find(): string {
    return `select ${COLUMNS} from ${this.name} where id = ${this.placeholder(1)}`;
  }

  private list(count: number, after = 0): string {
    return Array.from({ length: count }, (_, i) => this.placeholder(after + i + 1)).join(', ');
  }
}
