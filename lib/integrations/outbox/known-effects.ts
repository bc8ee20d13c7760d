import { UnknownEffectError } from '../../errors/unknown-effect.error.js';
import type { EffectWorker } from '../../nest/remote/effect-worker.js';
import { listed } from '../../errors/thrown.js';

/**
 * Refuses a row that no provider of this application has the effect of: it was renamed, or another
 * application writes to this table.
 *
 * @throws UnknownEffectError
 * @internal
 */
export function assertKnown(effect: string, worker: EffectWorker): void {
  if (worker.knows(effect)) return;
  const names = listed(worker.names, (name) => name) || 'none';
  throw new UnknownEffectError(
    effect,
    worker.names,
    `The outbox holds an effect that this application has not. Known effects: ${names}. ` +
      'Deploy the code that has it; or, where two applications write to one table, give each its own with `table`.',
  );
}
