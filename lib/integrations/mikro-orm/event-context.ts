import { frames, type TransactionFrame } from '../../core/frame/transaction-frame.js';
import type { Broadcaster } from './mikro-orm.client.js';

/**
 * Subscribers that are told of these are part of the transaction; those that are told of its end
 * are not.
 */
const INSIDE: ReadonlySet<string> = new Set([
  'afterTransactionStart',
  'beforeTransactionCommit',
  'beforeTransactionRollback',
]);

interface AroundEvents {
  before?(event: string, transaction: object | undefined): void | Promise<void>;
  after?(event: string): Promise<void>;
}

/**
 * Tells the subscribers of a transaction each in the context of what they belong to, whoever begins
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
    if (before !== undefined) await before;
    const tell = (): Promise<unknown> | undefined => given?.dispatchEvent(event, transaction);
    // The server may have answered COMMIT with a rollback.
    if (event === 'afterTransactionCommit' && frame.fate === 'rolledBack')
      await frame.runAfterCommit(tell);
    else await frames.run(INSIDE.has(event) ? frame : frame.next, tell);
    await around.after?.(event);
  }
}
