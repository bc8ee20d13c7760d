import type { EffectCall, Executor } from '../../core/model/executor.js';
import type { EnvelopeWriter } from '../../nest/remote/envelope-writer.js';
import type { OutboxRow } from './outbox-row.js';

/**
 * Engine behind the outbox: takes over what this process has written, and what was not to be
 * written.
 * @internal
 */
export interface OutboxEngine extends Executor {
  readonly envelopes: EnvelopeWriter;
  accepts(call: EffectCall): boolean;
  keepArguments(call: EffectCall): unknown[];
  /**
   * Takes over rows that this process has claimed, and settles them.
   *
   * @param isStopped asked before each run: once it is true, what has not begun is left to others
   * @returns false where it is of no use to claim more
   */
  takeOver(rows: readonly OutboxRow[], isStopped: () => boolean): Promise<boolean>;
}
