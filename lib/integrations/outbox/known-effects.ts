import { UnknownEffectError } from '../../errors/unknown-effect.error.js';
import type { EffectWorker } from '../../nest/remote/effect-worker.js';
import { listed } from '../../errors/thrown.js';
import { envelopeIn, type OutboxRow, type WrittenEnvelope } from './outbox-row.js';

/**
 * Reads a row, and refuses one whose effect no provider of this application has: it was renamed, or
 * another application writes to this table.
 *
 * @throws UnknownEffectError
 * @internal
 */
export function knownEnvelopeIn(row: OutboxRow, worker: EffectWorker): WrittenEnvelope {
  const envelope = envelopeIn(row);
  const { effect } = envelope;
  if (worker.knows(effect)) return envelope;
  const names = listed(worker.names, (name) => name) || 'none';
  throw new UnknownEffectError(
    effect,
    worker.names,
    `The outbox holds an effect that this application has not. Known effects: ${names}. ` +
      'Deploy the code that has it; or, where two applications write to one table, give each its own with `table`.',
  );
}
