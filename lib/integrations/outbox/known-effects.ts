import { UnknownEffectError } from '../../errors/unknown-effect.error.js';
import type { EffectWorker } from '../../nest/remote/effect-worker.js';
import { listed } from '../../errors/thrown.js';
import { envelopeIn, type OutboxRow, type WrittenEnvelope } from './outbox-row.js';

const NOT_HERE = 'The outbox holds an effect that this application has not.';
/** Beginnings of errors of rows that are left to others, also of a version that writes other rows. */
const LEFT = [NOT_HERE, 'A job is not an effect of this version'];

/** True for a row whose only failure is that it was found by an application without its effect. @internal */
export function isLeftToOthers({ attempts, error }: OutboxRow): boolean {
  return attempts === 1 && error !== undefined && LEFT.some((start) => error.startsWith(start));
}

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
    `${NOT_HERE} Known effects: ${names}. ` +
      'Deploy the code that has it; or, where two applications write to one table, give each its own with `table`.',
  );
}
