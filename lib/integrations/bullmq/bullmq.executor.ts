import { Inject, Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import type { DispatchContext } from '../../core/model/dispatch-context.js';
import type { DispatchResult, EffectCall } from '../../core/model/executor.js';
import type { Intent } from '../../core/model/intent.js';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import { ProvidedBy } from '../../nest/container/provided-by.js';
import { RemoteExecutor } from '../../nest/remote/remote-executor.js';
import { EnginesDown } from '../engines-down.js';
import { BullMqSettings } from './bullmq.settings.js';
import { serverOf } from './connection.js';
import { partsOf, type Destination, UnknownDestination } from './destination.js';
import { refuseOurs, refuseParent } from './dispatch-options.js';
import { EffectQueue, jobIdOf } from './effect-queue.js';
import { type AddArguments, argumentsOfAdd, copyOfAdd, queueAddedTo } from './queue-add.js';
import { RedisLink } from './redis-link.js';
import { UsersQueue } from './users-queue.js';

/**
 * Adds effects as jobs to a queue of BullMQ, from where a worker takes them. Provided by
 * `AirlockBullMqModule`, and named in `AirlockModule.forRoot({ executor: BullMqExecutor })`.
 *
 * A call of `add` on a queue of BullMQ, as `effects.defer(queue).add(…)`, goes to that queue
 * itself, in bulk. Other effects without a name that a worker could find run in this process.
 *
 * @publicApi
 */
@ProvidedBy('AirlockBullMqModule.forRoot(…)', 'nestjs-airlock/bullmq')
@Injectable()
export class BullMqExecutor extends RemoteExecutor {
  readonly #settings: BullMqSettings;
  readonly #link: RedisLink;
  readonly #queues = new Map<string, EffectQueue>();
  readonly #enginesDown = new EnginesDown();
  readonly #usersQueues = new WeakMap<Queue, UsersQueue>();

  /** @internal Built by Nest. */
  constructor(
    @Inject(BullMqSettings) settings: BullMqSettings,
    @Inject(RedisLink) link: RedisLink,
  ) {
    super('BullMQ', settings.options);
    this.#settings = settings;
    this.#link = link;
  }

  override accepts(call: EffectCall): boolean {
    return queueAddedTo(call.effect) !== undefined || super.accepts(call);
  }

  /**
   * @throws AirlockOptionsError for `dispatchOptions` that are not the caller's to set;
   *   EffectSerializationError
   */
  override keepArguments(call: EffectCall): unknown[] {
    refuseParent(call);
    if (queueAddedTo(call.effect) !== undefined) return copyOfAdd(call);
    refuseOurs(call);
    return super.keepArguments(call);
  }

  /** @internal */
  jobIdOf(intent: Intent): string | undefined {
    return queueAddedTo(intent.effect) === undefined ? jobIdOf(intent) : undefined;
  }

  /** Sends consecutive intents of one queue together. */
  async executeBatch(
    intents: readonly Intent[],
    context?: DispatchContext,
  ): Promise<readonly DispatchResult[]> {
    const results: DispatchResult[] = [];
    const down = this.#enginesDown.in(context);
    for (const [destination, some] of partsOf(intents, (intent) => this.#destinationOf(intent))) {
      const sent = await destination.send(some, !down.has(destination.server));
      const failure = sent.find(({ error }) => error instanceof EngineUnreachableError);
      if (failure === undefined) down.delete(destination.server);
      else down.set(destination.server, failure.error);
      results.push(...sent);
    }
    return results;
  }

  #destinationOf(intent: Intent): Destination {
    const queue = queueAddedTo(intent.effect);
    if (queue !== undefined) return this.#usersQueue(queue, argumentsOfAdd(intent));
    try {
      return this.#queueNamed(this.#settings.queueOf(intent));
    } catch (error) {
      return new UnknownDestination(error);
    }
  }

  #queueNamed(name: string): EffectQueue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new EffectQueue(name, this.#link, this.envelopes, this.#settings.jobOptions);
      this.#queues.set(name, queue);
    }
    return queue;
  }

  #usersQueue(queue: Queue, [, , opts]: AddArguments): UsersQueue {
    const create = (): UsersQueue =>
      new UsersQueue(
        queue,
        serverOf(queue.opts.connection, queue),
        this.#settings.dispatchTimeoutMs,
      );
    // BullMQ adds repeated jobs one at a time only.
    if (opts?.repeat !== undefined) return create();
    let usersQueue = this.#usersQueues.get(queue);
    if (usersQueue === undefined) this.#usersQueues.set(queue, (usersQueue = create()));
    return usersQueue;
  }
}
