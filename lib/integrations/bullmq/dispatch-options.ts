import type { EffectCall } from '../../core/model/executor.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';

/**
 * @throws AirlockOptionsError for a parent: a job that waits for its children while it runs would
 * wait for jobs that are sent after it has ended
 * @internal
 */
export function refuseParent({ name, dispatchOptions }: EffectCall): void {
  if (dispatchOptions?.['parent'] === undefined) return;
  throw new AirlockOptionsError(
    'dispatchOptions.parent',
    `\`dispatchOptions.parent\` of effect "${name}" cannot be set: the running job waits for its children before it goes on, and an effect goes ` +
      'out only when its scope has ended. Add the child to its queue directly.',
  );
}

/** @throws AirlockOptionsError for an option of a job that callers may not set @internal */
export function refuseOurs({ name, dispatchOptions }: EffectCall): void {
  if (dispatchOptions === undefined) return;
  for (const key of ['jobId', 'repeat']) {
    if (dispatchOptions[key] === undefined) continue;
    throw new AirlockOptionsError(
      `dispatchOptions.${key}`,
      `\`dispatchOptions.${key}\` of effect "${name}" cannot be set: ` +
        (key === 'jobId'
          ? 'the job carries the id of its intent. To let only one in, use `deduplication`.'
          : 'an effect is called once. For what repeats, use a job scheduler of BullMQ or a cron job.'),
    );
  }
}
