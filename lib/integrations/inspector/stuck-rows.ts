import type { StuckRowView } from './view/inspector.view.js';

/** Port of an outbox, as the inspector uses it: the rows that could not be delivered, and what is to become of them. @internal */
export interface StuckRows {
  list(): Promise<readonly StuckRowView[]>;
  /** @returns false where there is no such row any more */
  retry(id: string): Promise<boolean>;
  /** @returns false where there is no such row any more */
  discard(id: string): Promise<boolean>;
}

/** The provider of `StuckRows`, of an application that has an outbox. @internal */
export const STUCK_ROWS: unique symbol = Symbol.for('nestjs-airlock:stuck-rows') as never;
