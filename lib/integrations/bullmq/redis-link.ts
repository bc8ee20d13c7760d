import { Inject, Injectable } from '@nestjs/common';
import { type ConnectionOptions, type Job, type JobsOptions, Queue } from 'bullmq';
import type { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import { Deadline, TimedOut } from '../../core/model/deadline.js';
import { HEALTH_PROBE, type HealthProbe, type TellsHealth } from '../health-probe.js';
import type { EngineLink } from '../root.module.js';
import { BullMqSettings } from './bullmq.settings.js';
import { serverOf } from './connection.js';
import { withoutPayload } from '../without-payload.js';
import { isConnectionError, isElsewhere, isScriptGone, mostTelling } from './redis-errors.js';
import { type Client, cut, isReady, SendingConnection } from './sending-connection.js';

/** @internal */
export interface JobToAdd {
  readonly name: string;
  readonly data: unknown;
  readonly opts: JobsOptions;
}

/** State that bulks of one flush share, which are sent one after the other. @internal */
export interface BulkState {
  /** False to fail at once where there is no connection. */
  isPatient: boolean;
  /**
   * True if each bulk waits for the end of the one before, so that none overtakes one that is
   * late or is sent again.
   */
  isHeldUp: boolean;
}

/**
 * Sends jobs to the queues of effects. All waiting is bounded, and a job that was reported as
 * failed is not sent later.
 *
 * @internal
 */
@Injectable()
export class RedisLink implements EngineLink, TellsHealth {
  private readonly queues = new Map<string, Queue>();
  /**
   * Queues that have taken jobs. Before its first jobs, BullMQ may send or refuse later jobs of a
   * queue earlier than those.
   */
  private readonly proven = new WeakSet<Queue>();
  private readonly connection: SendingConnection;
  /** Identity of the Redis: one value for each. */
  readonly server: unknown;

  constructor(@Inject(BullMqSettings) private readonly settings: BullMqSettings) {
    this.connection = new SendingConnection(settings.connection, settings.dispatchTimeoutMs);
    this.server = serverOf(settings.connection, this);
  }

  /** @throws EngineUnreachableError */
  async open(): Promise<void> {
    await this.connection.ready(
      new Deadline(this.settings.dispatchTimeoutMs),
      'the application cannot start',
      'not sent',
    );
  }

  get [HEALTH_PROBE](): HealthProbe {
    return {
      name: 'BullMQ',
      ask: async (deadline) => {
        const client = await this.connection.ready(deadline, 'no effect can be sent', 'not sent');
        await deadline.within(this.connection.ping(client));
        return undefined;
      },
    };
  }

  /** True if jobs for a queue are sent, or refused, as soon as they are added. */
  isSetUp(name: string): boolean {
    const queue = this.queues.get(name);
    return queue !== undefined && this.proven.has(queue);
  }

  /**
   * Adds jobs to a queue, all of them or none. A job whose id is there already is not added
   * again, so the call can be repeated when a connection broke and nobody knows what arrived.
   *
   * @throws EngineUnreachableError; the error with which BullMQ or Redis refuses a job
   */
  async add(name: string, jobs: readonly JobToAdd[], state: BulkState): Promise<readonly Job[]> {
    const { connection } = this;
    const deadline = new Deadline(this.settings.dispatchTimeoutMs);
    const notSent = `${jobs.length} effect(s) for queue "${name}" were not sent`;
    const inDoubt = `whether ${jobs.length} effect(s) for queue "${name}" got in is not known; all did or none`;
    if (!state.isPatient && !isReady(await connection.client()))
      throw connection.unreachable(notSent, 'not sent');
    let client = await connection.ready(deadline, notSent, 'not sent');
    let [consequence, delivery]: [string, EngineUnreachableError['delivery']] = [
      notSent,
      'not sent',
    ];
    for (;;) {
      try {
        const queue = this.queueOn(client, name);
        const added = await deadline.within(queue.addBulk([...jobs]));
        this.proven.add(queue);
        return added;
      } catch (error) {
        const isLate = error instanceof TimedOut;
        const reason = mostTelling(error);
        const isRefused = isElsewhere(reason);
        // The present connection would stay with this server.
        if (isLate || isRefused || isScriptGone(error)) cut(client);
        else if (!isConnectionError(error)) throw withoutPayload(reason);
        if (!isRefused) [consequence, delivery] = [inDoubt, 'unknown'];
        state.isHeldUp = true;
        this.forget(name);
        if (!isLate) connection.trouble = reason;
        if (isLate || !state.isPatient || !(await deadline.pause(isRefused ? 100 : 20)))
          throw connection.unreachable(consequence, delivery);
        client = await connection.ready(deadline, consequence, delivery);
      }
    }
  }

  async close(): Promise<void> {
    const closing = this.connection.close();
    for (const name of this.queues.keys()) this.forget(name);
    await closing;
  }

  private queueOn(client: Client, name: string): Queue {
    let queue = this.queues.get(name);
    if (queue === undefined) {
      queue = new Queue(name, {
        connection: client as unknown as ConnectionOptions,
        prefix: this.settings.prefix,
      });
      queue.on('error', (error) => (this.connection.trouble = error));
      this.queues.set(name, queue);
    }
    return queue;
  }

  /** Forgets a queue whose connection broke while it was set up: such a queue does not recover. */
  private forget(name: string): void {
    const queue = this.queues.get(name);
    this.queues.delete(name);
    // A queue that is closed before its set-up has ended would throw where nobody can catch it.
    void queue
      ?.waitUntilReady()
      .catch(() => {})
      .then(() => queue.close())
      .catch(() => {});
  }
}
