import type { LoggerService } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { AirlockRuntime } from '../../core/runtime.js';
import { objectsIn, proxiesIn } from './held-objects.js';
import { isTrackedProxy, reachesTracked, tracksEvery } from './tracked-clients.js';

/**
 * Warns of executors that write in the transaction of the caller, if no client of the application
 * tracks transactions.
 *
 * @internal
 */
export function warnOfTrackingNothing(
  modules: ModulesContainer,
  runtime: AirlockRuntime,
  logger: LoggerService,
): void {
  const names = new Set(
    runtime.executors
      .filter(({ transactional }) => transactional)
      .map(({ constructor }) => constructor.name),
  );
  if (names.size === 0) return;
  for (const object of objectsIn(modules).keys())
    if (reachesTracked(object) || tracksEvery(object) !== undefined) return;
  if ([...proxiesIn(modules).keys()].some(isTrackedProxy)) return;
  logger.warn(
    `${[...names].join(' and ')} writes effects through the transaction that they are called in, but no client among the providers of this ` +
      'application tracks transactions, so that they are not atomic with its data. Import the module for your client, as `AirlockTypeOrmModule` ' +
      'or `AirlockKnexModule`, or call its `track…Transactions` function. Where an adapter of your own opens frames later, all is well.',
  );
}
