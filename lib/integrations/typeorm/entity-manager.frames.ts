import { frames } from '../../core/frame/transaction-frame.js';
import { replaceOnClass } from '../replace-on-class.js';
import { framesOf } from './tracked-query-runner.js';
import type { TypeOrmManager } from './typeorm.client.js';

type Callback = (manager: TypeOrmManager) => Promise<unknown>;

/**
 * Keeps the caller of `manager.transaction(…)` out of the frame that its query runner enters, and
 * runs the callback in it. Done for every manager of the class, since managers are made everywhere,
 * also before a data source is tracked. Managers whose query runners are not tracked work as
 * before.
 *
 * @returns a function that ends it
 * @internal
 */
export function trackManagerTransactions(prototype: object): () => void {
  return replaceOnClass(
    prototype,
    'transaction',
    (original) =>
      function (this: TypeOrmManager, ...args: unknown[]) {
        // The callback comes after the isolation level, or before `undefined`.
        const at = args.findIndex((argument) => typeof argument === 'function');
        // TypeORM reports the missing callback.
        if (at < 0) return original.apply(this, args);
        return apart(() => original.apply(this, args.with(at, inFrame(args[at] as Callback))));
      },
  );
}

function inFrame(callback: Callback): Callback {
  return (manager) => {
    const frames = framesOf(manager.queryRunner);
    return frames === undefined ? callback(manager) : frames.run(callback, manager);
  };
}

/**
 * Takes the caller out of the frame that the synchronous part of `fn` entered. `frames.run` with
 * the same frame would not.
 */
function apart<R>(fn: () => R): R {
  const around = frames.getStore();
  try {
    return fn();
  } finally {
    const begun = frames.getStore();
    if (begun !== around) {
      begun?.owner.forCallback();
      frames.enterWith(around);
    }
  }
}
