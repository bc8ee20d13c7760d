import type { EffectCall, Executor } from '../../core/model/executor.js';
import type { EnvelopeWriter } from '../../nest/remote/envelope-writer.js';
import type { OutboxRow } from './outbox-row.js';

/**
 * Engine behind the outbox: takes rows of this process, rows that others have left, and effects
 * that are not written.
 * @internal
 */
export interface OutboxEngine extends Executor {
  readonly envelopes: EnvelopeWriter;
  accepts(call: EffectCall): boolean;
  keepArguments(call: EffectCall): unknown[];
  /**
   * Takes over rows that this process has claimed, and settles them.
   *
   * @param isStopped called before each run: once it returns true, rows that have not begun are
   * left to others
   * @returns false if it is of no use to claim more
   */
  takeOver(rows: readonly OutboxRow[], isStopped: () => boolean): Promise<boolean>;
}
