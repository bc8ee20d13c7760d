import { RedisConnection } from 'bullmq';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import { Deadline } from '../../core/model/deadline.js';
import type { BullMqSettings } from './bullmq.settings.js';
import { addressOfRedis, sendingConnection } from './connection.js';
import { oneAtATime } from '../one-at-a-time.js';
import { withoutPayload } from '../without-payload.js';
import { problemOf } from './redis-errors.js';

/** The parts that are used of the client that BullMQ makes or wraps. @internal */
export interface Client {
  readonly status: string;
  readonly stream?: {
    destroy(): void;
    resetAndDestroy(): void;
    readonly destroyed: boolean;
    readonly encrypted?: boolean;
  };
  pipeline: unknown;
  multi(): unknown;
  connect(): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
  ping(): Promise<unknown>;
  quit(): Promise<unknown>;
  once(event: 'ready', listener: () => void): unknown;
}

/**
 * Connection to Redis that effects are sent through, and the reason if there is none.
 *
 * @internal
 */
export class SendingConnection {
  /** Reason why it is not connected, as far as is known. */
  trouble: unknown;
  /**
   * Made when it is first needed: an application that fails to start before leaves nothing open.
   */
  private connecting: Promise<Client> | undefined;
  private readying: Promise<void> | undefined;
  private isClosed = false;

  constructor(
    private readonly options: BullMqSettings['connection'],
    private readonly timeoutMs: number,
  ) {}

  readonly ping = oneAtATime((client: Client) => client.ping());

  client(): Promise<Client> {
    return (this.connecting ??= this.connect());
  }

  private async connect(): Promise<Client> {
    const connection = new RedisConnection(sendingConnection(this.options), {
      shared: false,
      blocking: false,
      skipVersionCheck: true,
      skipWaitingForReady: true,
    });
    connection.on('error', (error: unknown) => (this.trouble = error));
    const client = (await connection.client) as unknown as Client;
    // Makes transactions of BullMQ's bulks: if a connection breaks, all jobs of a bulk have arrived
    // or none.
    client.pipeline = () => client.multi();
    return client;
  }

  /** @throws EngineUnreachableError */
  async ready(
    deadline: Deadline,
    consequence: string,
    delivery: EngineUnreachableError['delivery'],
  ): Promise<Client> {
    if (this.isClosed) throw this.unreachable(consequence, delivery);
    const client = await this.client();
    if (isReady(client)) {
      this.trouble = undefined;
      return client;
    }
    // `wait`: it connects when it is told to. `end`: it has given up.
    if (['wait', 'end'].includes(client.status))
      client.connect().catch((error: unknown) => (this.trouble = error));
    try {
      await deadline.within(this.nextReady(client));
    } catch {
      throw this.unreachable(consequence, delivery, deadline);
    }
    return client;
  }

  /** Waits for the client, with one listener however many flushes wait for it. */
  private nextReady(client: Client): Promise<void> {
    return (this.readying ??= new Promise((resolve) => {
      client.once('ready', () => {
        this.readying = undefined;
        resolve();
      });
    }));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const client = await this.connecting?.catch(() => undefined);
    if (client?.status === 'ready')
      await new Deadline(this.timeoutMs).within(client.quit()).catch(() => {});
    client?.disconnect();
  }

  unreachable(
    consequence: string,
    delivery: EngineUnreachableError['delivery'],
    deadline?: Deadline,
  ): EngineUnreachableError {
    const waited = this.isClosed ? undefined : (deadline?.timeoutMs ?? this.timeoutMs);
    const cause = withoutPayload(this.trouble);
    return new EngineUnreachableError(
      addressOfRedis(this.options),
      waited,
      delivery,
      consequence,
      { cause },
      problemOf(this.trouble),
      deadline?.option,
    );
  }
}

/**
 * True if a client can send. Also true for a moment after its connection was cut.
 * @internal
 */
export function isReady({ status, stream }: Client): boolean {
  return status === 'ready' && stream?.destroyed !== true;
}

/** Throws away commands that have not left this process yet; the client connects anew. @internal */
export function cut(client: Client): void {
  const { stream } = client;
  if (stream === undefined) client.disconnect(true);
  else if (stream.encrypted === true) stream.destroy();
  else stream.resetAndDestroy();
}
