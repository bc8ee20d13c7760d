/** A row of the outbox that could not be delivered. @internal */
export interface StuckRow {
  readonly id: string;
  readonly effect: string;
  readonly attempts: number;
  readonly error: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/**
 * Port of an outbox, as the inspector uses it: the rows that could not be delivered, and what is to
 * become of them.
 * @internal
 */
export interface StuckRows {
  list(): Promise<readonly StuckRow[]>;
  /** @returns `busy` where a process is at it already, `absent` where it is not there any more */
  retry(id: string): Promise<'tried' | 'busy' | 'absent'>;
  /** @returns the same for a row that is not discarded */
  discard(id: string): Promise<'discarded' | 'busy' | 'absent'>;
}

/** The provider of `StuckRows`, of an application that has an outbox. @internal */
export const STUCK_ROWS: unique symbol = Symbol.for('nestjs-airlock:stuck-rows') as never;
