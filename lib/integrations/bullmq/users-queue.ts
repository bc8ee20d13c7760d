import type { Queue } from 'bullmq';
import type { DispatchResult } from '../../core/model/executor.js';
import type { Intent } from '../../core/model/intent.js';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import { Deadline, TimedOut } from '../../core/model/deadline.js';
import { withoutPayload } from '../without-payload.js';
import type { Destination } from './destination.js';
import { type AddArguments, argumentsOfAdd } from './queue-add.js';

/** The parts of a job that BullMQ checks before it sends anything. */
interface Checked {
  validateOptions(json: unknown): void;
}

/**
 * Queue of the application whose `add` is an effect. It keeps its own connection, with the
 * options of that.
 * @internal
 */
export class UsersQueue implements Destination {
  constructor(
    private readonly queue: Queue,
    readonly server: unknown,
    private readonly timeoutMs: number,
  ) {}

  async send(intents: readonly Intent[], isPatient: boolean): Promise<readonly DispatchResult[]> {
    if (!isPatient)
      return failed(
        intents,
        this.unreachable('not sent', `${intents.length} call(s) of its \`add\` were not made`),
      );
    try {
      await new Deadline(this.timeoutMs).within(this.add(intents));
      return intents.map((intent) => ({ intent }));
    } catch (error) {
      if (error instanceof TimedOut) return failed(intents, this.inDoubt(intents.length));
      if (intents.length === 1) return failed(intents, withoutPayload(error));
      return this.sendOthers(intents, withoutPayload(error));
    }
  }

  private async add(intents: readonly Intent[]): Promise<void> {
    const [first] = intents;
    if (intents.length === 1)
      return void (await Reflect.apply(first!.effect, undefined, argumentsOfAdd(first!)));
    const added = await this.queue.addBulk(intents.map(jobOf));
    // As `add` does.
    for (const job of added) this.queue.emit('waiting', job);
  }

  /**
   * Sends the jobs that BullMQ does not refuse, after it has refused a bulk and so sent none of it.
   */
  private async sendOthers(
    intents: readonly Intent[],
    error: unknown,
  ): Promise<readonly DispatchResult[]> {
    const refusals = new Map(intents.map((intent) => [intent, this.refusalOf(intent)]));
    const others = intents.filter((intent) => refusals.get(intent) === undefined);
    if (others.length === intents.length) return failed(intents, error);
    const sent = others.length === 0 ? [] : await this.send(others, true);
    const results = new Map(sent.map((result) => [result.intent, result]));
    return intents.map((intent) => results.get(intent) ?? { intent, error: refusals.get(intent) });
  }

  private refusalOf(intent: Intent): unknown {
    const { name, data, opts } = jobOf(intent);
    const { Job } = this.queue as unknown as { readonly Job: typeof import('bullmq').Job };
    try {
      const job = new Job(
        this.queue,
        name,
        data,
        { ...this.queue.defaultJobOptions, ...opts },
        opts?.jobId,
      );
      (job as unknown as Checked).validateOptions(job.asJSON());
      return undefined;
    } catch (error) {
      return withoutPayload(error);
    }
  }

  private inDoubt(count: number): EngineUnreachableError {
    return this.unreachable(
      'unknown',
      `whether ${count} call(s) of its \`add\` got in is not known, and its own connection may still send them`,
    );
  }

  private unreachable(
    delivery: EngineUnreachableError['delivery'],
    consequence: string,
  ): EngineUnreachableError {
    return new EngineUnreachableError(
      `Queue "${this.queue.name}" of BullMQ`,
      this.timeoutMs,
      delivery,
      consequence,
    );
  }
}

function jobOf(intent: Intent): { name: string; data: unknown; opts: AddArguments[2] } {
  const [name, data, opts] = argumentsOfAdd(intent);
  return { name, data, opts };
}

function failed(intents: readonly Intent[], error: unknown): readonly DispatchResult[] {
  return intents.map((intent) => ({ intent, error }));
}
