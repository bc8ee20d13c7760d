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
 * Port by which the inspector lists the rows of an outbox that could not be delivered, and tries
 * or discards them.
 * @internal
 */
export interface StuckRows {
  list(): Promise<readonly StuckRow[]>;
  /** @returns `busy` if a process is at the row already, `absent` if the row is gone */
  retry(id: string): Promise<'tried' | 'busy' | 'absent'>;
  /** @returns `busy` and `absent` as above */
  discard(id: string): Promise<'discarded' | 'busy' | 'absent'>;
}

/** The provider of `StuckRows`, of an application that has an outbox. @internal */
export const STUCK_ROWS: unique symbol = Symbol.for('nestjs-airlock:stuck-rows') as never;
