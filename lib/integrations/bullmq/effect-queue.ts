import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Job } from 'bullmq';
import type { DispatchResult } from '../../core/model/executor.js';
import type { Intent } from '../../core/model/intent.js';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import type { EnvelopeWriter } from '../../nest/remote/envelope-writer.js';
import type { BullMqJobOptions } from './bullmq.options.js';
import type { Destination } from './destination.js';
import type { Course, JobToAdd, RedisLink } from './redis-link.js';

/**
 * Most jobs in one `addBulk`, which is one transaction: for the few milliseconds it takes to build
 * one this process does nothing else, and then Redis for those it takes to run it.
 */
const LARGEST = 250;

/** BullMQ takes no ids with a colon. @internal */
export function jobIdOf({ id }: { readonly id: string }): string {
  return id.replace(':', '-');
}

/** An intent and the job that is made of it, or why there is none. */
interface Parcel {
  readonly intent: Intent;
  readonly job?: JobToAdd;
  error?: unknown;
}

type Packed = Parcel & { readonly job: JobToAdd };

/** A queue of effects, which workers of this application take them from. @internal */
export class EffectQueue implements Destination {
  constructor(
    private readonly name: string,
    private readonly link: RedisLink,
    private readonly envelopes: EnvelopeWriter,
    private readonly jobOptions: BullMqJobOptions,
  ) {}

  get line(): unknown {
    return this.link.line;
  }

  /** Redis works at one bulk while the next is built; two are under way at most. */
  async send(intents: readonly Intent[], isPatient: boolean): Promise<readonly DispatchResult[]> {
    const course: Course = { isPatient, isHeldUp: !this.link.isSetUp(this.name) };
    const sent: Promise<readonly Parcel[]>[] = [];
    for (let start = 0; start < intents.length; start += LARGEST) {
      // The one before is on its way then, and others get their turn as well.
      if (start > 0) await nextTurn();
      await sent.at(-2);
      if (course.isHeldUp) await sent.at(-1);
      sent.push(this.sendBulk(intents.slice(start, start + LARGEST), course, sent.at(-1)));
    }
    const parcels = (await Promise.all(sent)).flat();
    return parcels.map(({ intent, error }) =>
      error === undefined ? { intent } : { intent, error },
    );
  }

  private async sendBulk(
    intents: readonly Intent[],
    course: Course,
    before: Promise<unknown> | undefined,
  ): Promise<readonly Parcel[]> {
    const parcels = intents.map((intent) => this.pack(intent));
    const packed = parcels.filter((parcel): parcel is Packed => parcel.job !== undefined);
    if (packed.length > 0) await this.add(packed, course, before);
    return parcels;
  }

  /**
   * Adds jobs in one go; where BullMQ has something against one of them, which it does not name,
   * one by one.
   */
  private async add(
    parcels: readonly Packed[],
    course: Course,
    before: Promise<unknown> | undefined,
  ): Promise<void> {
    try {
      const jobs = parcels.map(({ job }) => job);
      const added = await this.link.add(this.name, jobs, course);
      for (const [index, parcel] of parcels.entries()) parcel.error = refusalIn(added[index]);
    } catch (error) {
      const isUnreachable = error instanceof EngineUnreachableError;
      course.isHeldUp = true;
      course.isPatient &&= !isUnreachable;
      if (isUnreachable || parcels.length === 1) {
        for (const parcel of parcels) parcel.error = error;
        return;
      }
      // It may be going one by one as well.
      await before;
      for (const parcel of parcels) await this.add([parcel], course, undefined);
    }
  }

  private pack(intent: Intent): Parcel {
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
 * The scripts of BullMQ tell by a negative number what they refuse, such as a parent that is not
 * there.
 */
function refusalIn(job: Job | undefined): Error | undefined {
  const id: unknown = job?.id;
  return typeof id === 'number' && id < 0
    ? new Error(`BullMQ did not add the job: code ${id}.`)
    : undefined;
}
