import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Job } from 'bullmq';
import type { DispatchResult } from '../../core/model/executor.js';
import type { Intent } from '../../core/model/intent.js';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import type { EnvelopeWriter } from '../../nest/remote/envelope-writer.js';
import type { BullMqJobOptions } from './bullmq.options.js';
import type { Destination } from './destination.js';
import type { BulkState, JobToAdd, RedisLink } from './redis-link.js';

/**
 * Largest number of jobs in one `addBulk`, which is one transaction. This process does nothing
 * else while it builds one, and Redis does nothing else while it runs one.
 */
const LARGEST = 250;

/** Returns the id of the job of an intent. BullMQ refuses ids with a colon. @internal */
export function jobIdOf({ id }: { readonly id: string }): string {
  return id.replace(':', '-');
}

/** Intent with its job, or with the error of making one. */
interface Prepared {
  readonly intent: Intent;
  readonly job?: JobToAdd;
  error?: unknown;
}

type WithJob = Prepared & { readonly job: JobToAdd };

/** Queue of effects, which workers of this application take them from. @internal */
export class EffectQueue implements Destination {
  constructor(
    private readonly name: string,
    private readonly link: RedisLink,
    private readonly envelopes: EnvelopeWriter,
    private readonly jobOptions: BullMqJobOptions,
  ) {}

  get server(): unknown {
    return this.link.server;
  }

  /** Builds one bulk while Redis runs the one before; at most two are under way. */
  async send(intents: readonly Intent[], isPatient: boolean): Promise<readonly DispatchResult[]> {
    const state: BulkState = { isPatient, isHeldUp: !this.link.isSetUp(this.name) };
    const sent: Promise<readonly Prepared[]>[] = [];
    for (let start = 0; start < intents.length; start += LARGEST) {
      // After this turn the bulk before has left, and other work has had its chance.
      if (start > 0) await nextTurn();
      await sent.at(-2);
      if (state.isHeldUp) await sent.at(-1);
      sent.push(this.sendBulk(intents.slice(start, start + LARGEST), state, sent.at(-1)));
    }
    const prepared = (await Promise.all(sent)).flat();
    return prepared.map(({ intent, error }) =>
      error === undefined ? { intent } : { intent, error },
    );
  }

  private async sendBulk(
    intents: readonly Intent[],
    state: BulkState,
    before: Promise<unknown> | undefined,
  ): Promise<readonly Prepared[]> {
    const prepared = intents.map((intent) => this.prepare(intent));
    const ready = prepared.filter((entry): entry is WithJob => entry.job !== undefined);
    if (ready.length > 0) await this.add(ready, state, before);
    return prepared;
  }

  /**
   * Adds jobs in one bulk. If BullMQ refuses one, it does not say which: then they are added one
   * by one.
   */
  private async add(
    prepared: readonly WithJob[],
    state: BulkState,
    before: Promise<unknown> | undefined,
  ): Promise<void> {
    try {
      const jobs = prepared.map(({ job }) => job);
      const added = await this.link.add(this.name, jobs, state);
      for (const [index, entry] of prepared.entries()) entry.error = refusalIn(added[index]);
    } catch (error) {
      const isUnreachable = error instanceof EngineUnreachableError;
      state.isHeldUp = true;
      state.isPatient &&= !isUnreachable;
      if (isUnreachable || prepared.length === 1) {
        for (const entry of prepared) entry.error = error;
        return;
      }
      // The bulk before may be going one by one as well.
      await before;
      for (const entry of prepared) await this.add([entry], state, undefined);
    }
  }

  private prepare(intent: Intent): Prepared {
    try {
      return { intent, job: this.jobOf(intent) };
    } catch (error) {
      return { intent, error };
    }
  }

  private jobOf(intent: Intent): JobToAdd {
    const data = this.envelopes.write(intent);
    return {
      name: data.effect,
      data,
      opts: { ...this.jobOptions, ...intent.dispatchOptions, jobId: jobIdOf(data) },
    };
  }
}

/**
 * Returns the refusal of a job: the scripts of BullMQ answer with a negative number as its id,
 * such as for a parent that does not exist.
 */
function refusalIn(job: Job | undefined): Error | undefined {
  const id: unknown = job?.id;
  return typeof id === 'number' && id < 0
    ? new Error(`BullMQ did not add the job: code ${id}.`)
    : undefined;
}
