import { frames } from '../../core/transaction-frame.js';
import { KEEPS_FRAMES } from '../keeps-frames.js';
import { framesOf } from './query-runner.frames.js';
import type { TypeOrmManager } from './typeorm.client.js';

type Callback = (manager: TypeOrmManager) => Promise<unknown>;
type Transaction = TypeOrmManager['transaction'] & { [KEEPS_FRAMES]?: true };

/**
 * Makes `manager.transaction(…)` keep to itself what its query runner does to the caller's asynchronous context, in place.
 *
 * @internal
 */
export function keepManagerFrames(manager: TypeOrmManager): void {
  const original: Transaction = manager.transaction;
  if (original[KEEPS_FRAMES]) return;
  const kept: Transaction = (...args) => {
    // Behind the isolation level, or before `undefined`.
    const at = args.findIndex((argument) => typeof argument === 'function');
    // TypeORM says what is wrong with it.
    if (at < 0) return original.apply(manager, args);
    return apart(() => original.apply(manager, args.with(at, inFrame(args[at]!) as never)));
  };
  manager.transaction = Object.defineProperty(kept, KEEPS_FRAMES, { value: true });
}

function inFrame(callback: Callback): Callback {
  return (manager) => {
    const kept = framesOf(manager.queryRunner);
    return kept === undefined ? callback(manager) : kept.run(callback, manager);
  };
}

/** Undoes for the caller what the synchronous part of `fn` entered; `frames.run` with the same frame would not. */
function apart<R>(fn: () => R): R {
  const around = frames.getStore();
  try {
    return fn();
  } finally {
    if (frames.getStore() !== around) frames.enterWith(around);
  }
}
