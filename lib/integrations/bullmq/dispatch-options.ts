import type { EffectCall } from '../../core/intent.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';

/** @throws AirlockOptionsError for what of a job's options is not the caller's to set @internal */
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
