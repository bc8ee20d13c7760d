import type { Job } from 'bullmq';
import type { DispatchResult, Intent } from '../../core/intent.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import type { EnvelopeWriter } from '../../nest/remote/envelope-writer.js';
import type { BullMqJobOptions } from './bullmq.options.js';
import type { Destination } from './destination.js';
import type { JobToAdd, RedisLink } from './redis-link.js';

/** A queue of effects, which workers of this application take them from. @internal */
export class EffectQueue implements Destination {
  constructor(
    private readonly name: string,
    readonly line: RedisLink,
    private readonly envelopes: EnvelopeWriter,
    private readonly jobOptions: BullMqJobOptions,
  ) {}

  async send(intents: readonly Intent[], isPatient: boolean): Promise<readonly DispatchResult[]> {
    const jobs = new Map<Intent, JobToAdd>();
    const errors = new Map<Intent, unknown>();
    for (const intent of intents) {
      try {
        jobs.set(intent, this.jobOf(intent));
      } catch (error) {
        errors.set(intent, error);
      }
    }
    if (jobs.size > 0) await this.add(jobs, errors, isPatient);
    return intents.map((intent) => (errors.has(intent) ? { intent, error: errors.get(intent) } : { intent }));
  }

  /** In one go; where BullMQ has something against one of them, which it does not name, one by one. */
  private async add(
    jobs: ReadonlyMap<Intent, JobToAdd>,
    errors: Map<Intent, unknown>,
    isPatient: boolean,
  ): Promise<void> {
    try {
      const added = await this.line.add(this.name, [...jobs.values()], isPatient);
      for (const [index, intent] of [...jobs.keys()].entries()) {
        const refusal = refusalIn(added[index]);
        if (refusal !== undefined) errors.set(intent, refusal);
      }
    } catch (error) {
      if (error instanceof EngineUnreachableError || jobs.size === 1) {
        for (const intent of jobs.keys()) errors.set(intent, error);
        return;
      }
      let isUp = isPatient;
      for (const [intent, job] of jobs) {
        await this.add(new Map([[intent, job]]), errors, isUp);
        isUp &&= !(errors.get(intent) instanceof EngineUnreachableError);
      }
    }
  }

  private jobOf(intent: Intent): JobToAdd {
    const { dispatchOptions } = intent;
    if (dispatchOptions !== undefined) refuseOurs(dispatchOptions, intent.name);
    const data = this.envelopes.write(intent);
    return {
      name: data.effect,
      data,
      // BullMQ takes no ids with a colon.
      opts: { ...this.jobOptions, ...dispatchOptions, jobId: data.id.replace(':', '-') },
    };
  }
}

function refuseOurs(dispatchOptions: Readonly<Record<string, unknown>>, effect: string): void {
  for (const key of ['jobId', 'repeat']) {
    if (dispatchOptions[key] === undefined) continue;
    throw new AirlockOptionsError(
      `dispatchOptions.${key}`,
      `\`dispatchOptions.${key}\` of effect "${effect}" cannot be set: ` +
        (key === 'jobId'
          ? 'the job carries the id of its intent. To let only one in, use `deduplication`.'
          : 'an effect is called once. For what repeats, use a job scheduler of BullMQ or a cron job.'),
    );
  }
}

/** The scripts of BullMQ tell by a negative number what they refuse, such as a parent that is not there. */
function refusalIn(job: Job | undefined): Error | undefined {
  const id: unknown = job?.id;
  return typeof id === 'number' && id < 0 ? new Error(`BullMQ did not add the job: code ${id}.`) : undefined;
}
