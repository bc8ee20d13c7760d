import { Inject, Injectable } from '@nestjs/common';
import type { FrameConnection } from '../../core/model/dispatch-context.js';
import { HEALTH_PROBE, type HealthProbe, type TellsHealth } from '../health-probe.js';
import { OutboxClock } from './outbox.clock.js';
import { OutboxDatabase } from './outbox.database.js';
import { inTransaction } from '../given-up.js';
import { oneAtATime } from '../one-at-a-time.js';
import {
  byAge,
  factsOf,
  inAscii,
  type OutboxRow,
  type RowFacts,
  rowOf,
  type WrittenRow,
} from './outbox-row.js';
import { OutboxSettings } from './outbox.settings.js';
import type { NewRow } from './sql/statements.js';

/** Largest number of ids in one statement: databases limit its values. */
const LARGEST = 1_000;
/**
 * Largest size of the envelopes in one statement. MySQL and MariaDB limit a statement, some to 1
 * MB. As JSON in JSON envelopes may be twice as long, and some clients double that by escapes.
 */
const LARGEST_BYTES = 200_000;
/** Largest position of a row. */
const LAST = 2 ** 31 - 1;
/** Largest number of old rows that are counted. */
const MANY = 1_000;

/**
 * The rows of the outbox.
 *
 * @internal
 */
@Injectable()
export class OutboxTable implements TellsHealth {
  /** Counter of rows that this process writes, so that rows of one millisecond keep their order. */
  private position = 0;

  constructor(
    @Inject(OutboxSettings) private readonly settings: OutboxSettings,
    @Inject(OutboxDatabase) private readonly database: OutboxDatabase,
    @Inject(OutboxClock) private readonly clock: OutboxClock,
  ) {}

  get [HEALTH_PROBE](): HealthProbe {
    return {
      name: 'outbox',
      ask: async (deadline, { oldRowMs }) => {
        const count = await deadline.within(this.countOld(oldRowMs));
        if (count === 0) return undefined;
        const number = count > MANY ? `More than ${MANY}` : count;
        return `${number} row(s) in the outbox are older than ${oldRowMs} ms; \`AirlockOutbox.stuck()\` lists those that failed.`;
      },
    };
  }

  private readonly countOld = oneAtATime(async (oldRowMs: number | false): Promise<number> => {
    const { sql } = this.settings;
    if (oldRowMs === false) {
      await this.database.ask(sql.checks[0]!);
      return 0;
    }
    const [row] = await this.database.ask(sql.countBefore(MANY + 1), [this.clock.now() - oldRowMs]);
    return Number((row as { readonly count: unknown }).count);
  });

  /**
   * @param connection of the transaction that they are written in @default a transaction of their
   *   own for each statement
   */
  async insert(
    rows: readonly WrittenRow[],
    dueAt: number,
    connection: FrameConnection | undefined,
  ): Promise<void> {
    const now = this.clock.now();
    const placed = rows.map((row) => ({ ...row, position: this.nextPosition() }));
    for (const part of partsOf(placed)) {
      const { sql, values } = this.settings.sql.insert(part, now, dueAt);
      if (connection === undefined) await this.database.run(sql, values);
      else await this.database.bounded(() => inTransaction(connection.executeSql(sql, values)));
    }
  }

  /**
   * Claims rows that are due until a time, and returns them in the order of their writing.
   *
   * @param id claims only this row, due or not, unless a process is at it
   */
  async claim(limit: number, until: number, id?: string): Promise<readonly OutboxRow[]> {
    const claim = { now: this.clock.now(), until, limit, id };
    return (await this.settings.sql.claim(this.database.run, claim)).map(rowOf).sort(byAge);
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.inParts(ids, (part) =>
      this.database.run(this.settings.sql.remove(part.length), part),
    );
  }

  /** Returns those of a thousand ids at most whose rows are there. */
  async present(ids: readonly string[]): Promise<readonly string[]> {
    const rows = await this.database.run(this.settings.sql.present(ids.length), [...ids]);
    return rows.map((row) => String((row as { readonly id: unknown }).id));
  }

  /**
   * Prolongs claims of this process that have not run out.
   *
   * @returns the ids of those that it still has
   */
  async renew(ids: readonly string[], until: number): Promise<readonly string[]> {
    const { sql } = this.settings;
    const kept: string[] = [];
    await this.inParts(ids, async (part) => {
      await this.database.run(sql.renew(part.length), [until, ...part, until]);
      const rows = await this.database.run(sql.renewed(part.length), [...part, until]);
      for (const row of rows) kept.push(String((row as { readonly id: unknown }).id));
    });
    return kept;
  }

  /**
   * Gives claims up: any process may try the rows when they are due. Skips rows that another
   * process has claimed.
   */
  async postpone(ids: readonly string[], dueAt: number): Promise<void> {
    await this.inParts(ids, (part) =>
      this.database.run(this.settings.sql.postpone(part.length), [dueAt, ...part, this.latest]),
    );
  }

  /** Counts a failure of each row. Skips rows that another process has claimed. */
  async fail(ids: readonly string[], error: string, dueAt: number): Promise<void> {
    await this.inParts(ids, (part) =>
      this.database.run(this.settings.sql.fail(part.length), [
        inAscii(error),
        dueAt,
        ...part,
        this.latest,
      ]),
    );
  }

  /** Returns the end of claims that are made now. */
  private get latest(): number {
    return this.clock.now() + this.settings.sweepAfterMs;
  }

  async failed(limit: number): Promise<readonly RowFacts[]> {
    return (await this.database.run(this.settings.sql.failed(limit))).map(factsOf);
  }

  async has(id: string): Promise<boolean> {
    return (await this.database.run(this.settings.sql.find, [id])).length > 0;
  }

  private nextPosition(): number {
    return (this.position = (this.position % LAST) + 1);
  }

  private async inParts(
    ids: readonly string[],
    run: (part: string[]) => Promise<unknown>,
  ): Promise<void> {
    for (let start = 0; start < ids.length; start += LARGEST)
      await run(ids.slice(start, start + LARGEST));
  }
}

/** Splits rows into parts for one statement each; mostly there is one part. */
function* partsOf(rows: readonly NewRow[]): Generator<readonly NewRow[]> {
  let part: NewRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    const { length } = row.envelope;
    if (part.length > 0 && bytes + length > LARGEST_BYTES) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push(row);
    bytes += length;
  }
  if (part.length > 0) yield part;
}
