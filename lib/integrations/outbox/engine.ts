import type { EffectCall, Executor } from '../../core/model/executor.js';
import type { EnvelopeWriter } from '../../nest/remote/envelope-writer.js';
import type { OutboxRow } from './outbox-row.js';

/** Engine behind the outbox: takes over what this process has written, and what was not to be written. @internal */
export interface OutboxEngine extends Executor {
  readonly envelopes: EnvelopeWriter;
  accepts(call: EffectCall): boolean;
  keepArguments(call: EffectCall): unknown[];
  /** Takes over rows that this process has claimed, and settles them. @returns false where it is of no use to claim more */
  takeOver(rows: readonly OutboxRow[]): Promise<boolean>;
}
