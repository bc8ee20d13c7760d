import { frames, type TransactionFrame } from '../../core/frame/transaction-frame.js';
import type { Broadcaster } from './mikro-orm.client.js';

/** Events whose subscribers run inside the transaction. Those of its end run outside. */
const INSIDE: ReadonlySet<string> = new Set([
  'afterTransactionStart',
  'beforeTransactionCommit',
  'beforeTransactionRollback',
]);

/**
 * Calls the subscribers of a transaction inside or outside its frame, by the event, whoever begins
 * and ends it.
 *
 * @internal
 */
export class EventsInContext implements Broadcaster {
  constructor(
    private readonly given: Broadcaster | undefined,
    protected readonly frame: TransactionFrame,
  ) {}

  dispatchEvent(event: string, transaction?: object): Promise<unknown> | undefined {
    const { given, frame } = this;
    const tell = (): Promise<unknown> | undefined => given?.dispatchEvent(event, transaction);
    // The server may have answered COMMIT with a rollback.
    if (event === 'afterTransactionCommit' && frame.fate === 'rolledBack')
      return frame.runAfterCommit(tell);
    return frames.run(INSIDE.has(event) ? frame : frame.next, tell);
  }
}
