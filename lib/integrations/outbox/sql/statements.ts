import type { SqlDialect } from '../../../core/model/dispatch-context.js';

/** Runs one statement and resolves to its rows. @internal */
export type RunSql = (sql: string, values: unknown[]) => Promise<readonly object[]>;

/** A statement and its parameters. @internal */
export interface Statement {
  readonly sql: string;
  readonly values: unknown[];
}

/** Limits of a claim, and its end. @internal */
export interface Claim {
  readonly now: number;
  readonly until: number;
  readonly limit: number;
  /** Claims only this row, due or not, unless a process is at it. @default all rows that are due */
  readonly id?: string | undefined;
}

/** Row as it is first written, without its times. @internal */
export interface NewRow {
  readonly id: string;
  /** Place among the rows of its time. */
  readonly position: number;
  readonly effect: string;
  readonly envelope: string;
}

/**
 * Largest number of rows whose values are parameters of their own. For more rows, one parameter of
 * JSON is faster.
 */
const FEW = 10;

/**
 * Columns that are read of a row, under names that plugins of clients do not change: some would
 * make `writtenAt` of `written_at`.
 */
const COLUMNS = 'id, position, effect, written_at as written, due_at as due, attempts, error';

/** Columns with the arguments of the call, which may be large. @internal */
export const ALL_COLUMNS: string = `${COLUMNS}, envelope`;

/**
 * The statements of the outbox. Times are milliseconds since 1970 of the server's clock, as
 * `OutboxClock` knows it. `held` says what `due_at` is: true for the end of the time for which one
 * process has the row to itself, false for the time of the next try.
 *
 * @internal
 */
export abstract class OutboxSql {
  abstract readonly dialect: SqlDialect;
  /** Creates the table and its indexes where they are not there. */
  abstract readonly create: readonly string[];
  /** Reads the server's time as `millis`, and `autocommit` if a connection can be without it. */
  abstract readonly clock: string;
  /**
   * Reads the schema of the table as `place`, and the database of the schema as `catalog`, if
   * statements of this dialect can name them.
   */
  abstract readonly locate: string | undefined;
  /** Writes many rows, given as one JSON array, a time of writing and one at which they are due. */
  abstract readonly insertMany: string;
  /**
   * Reads a parameter back as `echoed`, for dialects whose clients write parameters into the text.
   */
  readonly echo: string | undefined = undefined;

  /**
   * End of a SELECT that has to see what was just written: a proxy in front of a database with
   * copies sends it to the primary server.
   */
  protected readonly ofPrimary: string = ' for update';

  /** Statements that write few rows, by their number. */
  private readonly inserts: string[] = [];

  constructor(
    protected readonly table: string,
    protected readonly schema: string | undefined,
  ) {}

  /** Claims rows, so that no other process gets them until the claim has run out. */
  abstract claim(run: RunSql, claim: Claim): Promise<readonly object[]>;
  protected abstract quote(identifier: string): string;
  protected abstract placeholder(index: number): string;

  /** Name of the table, for statements and messages. */
  get name(): string {
    const table = this.quote(this.table);
    return this.schema === undefined ? table : `${this.quote(this.schema)}.${table}`;
  }

  /**
   * Statements that change nothing, and fail if a column or a right is missing, or the database is
   * read-only. No row has an empty id.
   */
  get checks(): readonly string[] {
    const { name, ownColumns } = this;
    return [
      `select ${[ALL_COLUMNS, 'held', ...ownColumns].join()} from ${name} where id = ''`,
      `update ${name} set due_at = due_at where id = ''`,
      `delete from ${name} where id = ''`,
    ];
  }

  /** Columns that only one dialect has. */
  protected get ownColumns(): readonly string[] {
    return [];
  }

  insert(rows: readonly NewRow[], writtenAt: number, dueAt: number): Statement {
    if (rows.length > FEW)
      return { sql: this.insertMany, values: [JSON.stringify(rows), writtenAt, dueAt] };
    return {
      sql: (this.inserts[rows.length] ??= this.insertFew(rows.length)),
      values: rows.flatMap(({ id, position, effect, envelope }) => [
        id,
        position,
        effect,
        envelope,
        writtenAt,
        dueAt,
      ]),
    };
  }

  private insertFew(count: number): string {
    const lists = Array.from({ length: count }, (_, i) => `(${this.list(6, 6 * i)})`);
    return `insert into ${this.name} (id, position, effect, envelope, written_at, due_at) values ${lists.join(', ')}`;
  }

  /** Deletes rows: takes their ids. */
  remove(count: number): string {
    return `delete from ${this.name} where id in (${this.list(count)})`;
  }

  /** Selects the ids of rows that are there: takes their ids. */
  present(count: number): string {
    return `select id from ${this.name} where id in (${this.list(count)})${this.ofPrimary}`;
  }

  /** Prolongs claims: takes a time, the ids and that time again. */
  renew(count: number): string {
    return `update ${this.name} set due_at = ${this.placeholder(1)} where ${this.claimed(count, 1)}`;
  }

  /** Selects the ids of rows that were renewed: takes the ids and the time. */
  renewed(count: number): string {
    const until = this.placeholder(count + 1);
    const where = `id in (${this.list(count)}) and held and due_at = ${until}`;
    return `select id from ${this.name} where ${where}${this.ofPrimary}`;
  }

  /** Gives claims up: takes a time, the ids and the latest end of their claims. */
  postpone(count: number): string {
    return `update ${this.name} set due_at = ${this.placeholder(1)}, held = false where ${this.claimed(count, 1)}`;
  }

  /** Counts a failure: takes an error, a time, the ids and the latest end of their claims. */
  fail(count: number): string {
    const [error, due] = [this.placeholder(1), this.placeholder(2)];
    const set = `attempts = attempts + 1, error = ${error}, due_at = ${due}, held = false`;
    return `update ${this.name} set ${set} where ${this.claimed(count, 2)}`;
  }

  /** Selects rows that have failed, the oldest first. */
  failed(limit: number): string {
    return `select ${COLUMNS} from ${this.name} where attempts > 0 order by written_at, position limit ${limit}`;
  }

  /** Counts the rows that were written before a time, up to a limit. */
  countBefore(limit: number): string {
    const some = `select 1 from ${this.name} where written_at <= ${this.placeholder(1)} limit ${limit}`;
    return `select count(*) as count from (${some}) as written`;
  }

  /** Finds a row: takes its id. */
  get find(): string {
    return `select id from ${this.name} where id = ${this.placeholder(1)}`;
  }

  /**
   * Selects the rows that a claim takes.
   *
   * @param after number of the placeholders before it
   */
  protected wanted({ now, limit, id }: Claim, after = 0): Statement {
    const [first, second] = [this.placeholder(after + 1), this.placeholder(after + 2)];
    const where =
      id === undefined
        ? `due_at <= ${first}`
        : `id = ${first} and (not held or due_at <= ${second})`;
    return {
      sql: `select id from ${this.name} where ${where} order by due_at, position limit ${limit}`,
      values: id === undefined ? [now] : [id, now],
    };
  }

  /**
   * Condition for rows that are still under the same claim. A claim begins after the one before has
   * run out, and lasts as long, so that it ends later than all earlier ones.
   */
  private claimed(count: number, after: number): string {
    const end = this.placeholder(after + count + 1);
    return `id in (${this.list(count, after)}) and held and due_at <= ${end}`;
  }

  private list(count: number, after = 0): string {
    return Array.from({ length: count }, (_, i) => this.placeholder(after + i + 1)).join(', ');
  }
}
