import {
  checkOptions,
  expectThat,
  flag,
  isRecord,
  oneOf,
  type OptionCheck,
  positiveInteger,
  waitingTime,
} from '../../nest/options/option-checks.js';
import { remoteChecks } from '../../nest/remote/remote-checks.js';
import type { AirlockOutboxOptions } from './outbox.options.js';
import { outboxSqlOf, type OutboxSql } from './sql/outbox-sql.js';

const identifier: OptionCheck = expectThat(
  'the name of a table or schema, 63 letters at most',
  (value) =>
    typeof value === 'string' && value !== '' && value.length <= 63 && !value.includes('\0'),
);
const connection: OptionCheck = expectThat(
  'an object with a method `query`, or the token of a provider that is one',
  (value) =>
    ['string', 'symbol', 'function'].includes(typeof value) ||
    (isRecord(value) && typeof (value as { readonly query?: unknown }).query === 'function'),
);
const dialect: OptionCheck = oneOf('postgres', 'mysql', 'mariadb', 'sqlite');

const checks: Readonly<Record<keyof AirlockOutboxOptions, OptionCheck>> = {
  ...remoteChecks,
  dialect,
  connection,
  executor: expectThat(
    'an executor or a class of one',
    (value) => isRecord(value) || typeof value === 'function',
  ),
  schema: identifier,
  table: identifier,
  createTable: flag,
  outsideTransaction: oneOf('dispatch', 'write'),
  sweepIntervalMs: (key, value) => value !== false && waitingTime(key, value),
  sweepAfterMs: waitingTime,
  retryDelayMs: waitingTime,
  maxAttempts: positiveInteger,
  dispatchTimeoutMs: waitingTime,
};

const LONGEST_DELAY_MS = 3_600_000;

/** Number of `retryDelayMs` for which a process leaves a row alone whose effect it does not have. */
const LEFT_TO_OTHERS = 12;

/** Due time of a row that is only tried by hand. @internal */
export const NEVER: number = Number.MAX_SAFE_INTEGER;

/**
 * Options with their defaults.
 *
 * @internal
 */
export class OutboxSettings {
  private statements: OutboxSql;
  readonly createsTable: boolean;
  readonly writesAlways: boolean;
  readonly sweepIntervalMs: number | false;
  readonly sweepAfterMs: number;
  readonly maxAttempts: number;
  readonly dispatchTimeoutMs: number;
  private readonly retryDelayMs: number;

  /** @throws AirlockOptionsError for an unknown key or a value of the wrong kind */
  constructor(readonly options: AirlockOutboxOptions) {
    checkOptions(options, checks);
    dialect('dialect', options.dialect);
    connection('connection', options.connection);
    this.statements = outboxSqlOf(options.dialect, options.table, options.schema);
    this.createsTable = options.createTable ?? false;
    this.writesAlways = options.outsideTransaction === 'write';
    this.sweepIntervalMs = options.sweepIntervalMs ?? 5_000;
    this.sweepAfterMs = options.sweepAfterMs ?? 15_000;
    this.retryDelayMs = options.retryDelayMs ?? 5_000;
    this.maxAttempts = options.maxAttempts ?? 20;
    this.dispatchTimeoutMs = options.dispatchTimeoutMs ?? 5_000;
  }

  get sql(): OutboxSql {
    return this.statements;
  }

  /** Names the schema of the table in all statements from now on. */
  useSchema(schema: string, catalog: string | undefined): void {
    const { dialect, table } = this.options;
    this.statements = outboxSqlOf(dialect, table, this.options.schema ?? schema, catalog);
  }

  /** Returns the time at which a row is due again after its failure number `attempts`. */
  dueAfter(attempts: number, now: number): number {
    if (attempts >= this.maxAttempts) return NEVER;
    return now + Math.min(LONGEST_DELAY_MS, this.retryDelayMs * 2 ** (attempts - 1));
  }
  /** Returns when a row is due again whose effect this process does not have. */
  dueForOthers(now: number): number {
    return now + LEFT_TO_OTHERS * this.retryDelayMs;
  }
}
