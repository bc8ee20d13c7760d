import { frames, type TransactionFrame } from '../../core/frame/transaction-frame.js';
import type { Broadcaster } from './mikro-orm.client.js';

/** Events whose subscribers run inside the transaction. Those of its end run outside. */
const INSIDE: ReadonlySet<string> = new Set([
  'afterTransactionStart',
  'beforeTransactionCommit',
  'beforeTransactionRollback',
]);

interface AroundEvents {
  before?(event: string, transaction: object | undefined): void | Promise<void>;
  after?(event: string): void | Promise<void>;
}

/**
 * Calls the subscribers of a transaction inside or outside its frame, by the event, whoever begins
 * and ends it.
 *
 * @internal
 */
export class EventsInContext implements Broadcaster {
  /** @param around called before and after each event */
  constructor(
    private readonly given: Broadcaster | undefined,
    private readonly frame: TransactionFrame,
    private readonly around: AroundEvents = {},
  ) {}

  async dispatchEvent(event: string, transaction?: object): Promise<void> {
    const { given, frame, around } = this;
    const before = around.before?.(event, transaction);
    if (before) await before;
    const tell = (): Promise<unknown> | undefined => given?.dispatchEvent(event, transaction);
    // The server may have answered COMMIT with a rollback.
    if (event === 'afterTransactionCommit' && frame.fate === 'rolledBack')
      await frame.runAfterCommit(tell);
    else await frames.run(INSIDE.has(event) ? frame : frame.next, tell);
    const after = around.after?.(event);
    if (after) await after;
  }
}
