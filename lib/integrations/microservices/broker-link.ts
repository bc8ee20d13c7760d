import { type ClientProxy, ClientRMQ, RmqRecord } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import type { EffectEnvelope } from '../../nest/remote/envelope.js';
import {
  EngineUnreachableError,
  type EngineProblem,
} from '../../errors/engine-unreachable.error.js';
import { isError } from '../../errors/thrown.js';
import { Deadline, TimedOut } from '../../core/model/deadline.js';
import { oneAtATime } from '../one-at-a-time.js';
import { withoutPayload } from '../without-payload.js';

/**
 * Client of a transport that only hands a message to the network: `flush` waits until the server
 * has it.
 */
interface Flushing {
  flush?(): Promise<void>;
}

interface Events extends Record<string, (...facts: unknown[]) => void> {
  error(...facts: unknown[]): void;
}

/** Statuses of clients that can send. */
const CONNECTED = ['connected', 'rebalancing'];

/**
 * Client of a message broker, with a time limit for all waiting.
 *
 * @internal
 */
export class BrokerLink {
  /**
   * Error that the client emits as an event, as Redis does for a refused password. Its rejection
   * says only that the client is closed.
   */
  private trouble: unknown;

  constructor(
    private readonly client: ClientProxy,
    private readonly name: string,
    private readonly timeoutMs: number,
  ) {
    try {
      (client as ClientProxy<Events>).on(
        'error',
        (...facts) => (this.trouble = withoutPayload(facts.find(isError))),
      );
    } catch {
      // A client that a user has written may have no events.
    }
  }

  /**
   * Connects at the start of an application. If that fails, it closes the client: nobody else
   * would.
   *
   * @throws EngineUnreachableError
   */
  async open(): Promise<void> {
    try {
      await this.reach('the application cannot start');
    } catch (error) {
      await new Deadline(this.timeoutMs)
        .within(Promise.resolve(this.client.close()))
        .catch(() => {});
      throw error;
    }
  }

  /**
   * Checks the connection by its status, and by an answer of the server if the transport has one.
   * @throws EngineUnreachableError
   */
  async ping(deadline: Deadline): Promise<void> {
    const consequence = 'no effect can be sent';
    await this.reach(consequence, deadline);
    try {
      await deadline.within(this.pong());
    } catch (error) {
      throw this.unreachable(consequence, 'not sent', error, deadline);
    }
    const status = this.status;
    if (status !== undefined && !CONNECTED.includes(status))
      throw this.unreachable(consequence, 'not sent', this.trouble, deadline);
  }

  private readonly pong = oneAtATime(() => this.answer());

  /** Last status that the client has emitted; undefined if it emits none. */
  private get status(): string | undefined {
    let last: string | undefined;
    const { status } = this.client as Partial<ClientProxy>;
    status?.subscribe((current: string) => (last = current)).unsubscribe();
    return last;
  }

  /** Waits until the client is connected. @throws EngineUnreachableError */
  async reach(consequence: string, deadline = new Deadline(this.timeoutMs)): Promise<void> {
    /** At the end of the time an attempt may be under way without an error of its own. */
    let lastFailure: unknown;
    for (let waitMs = 50; ; waitMs = Math.min(2 * waitMs, 1_000)) {
      try {
        await deadline.within(this.client.connect());
        this.trouble = undefined;
        return;
      } catch (error) {
        if (!(error instanceof TimedOut)) lastFailure = error;
        const cause = problemOf(this.trouble) === undefined ? lastFailure : this.trouble;
        // Waiting would not change a refusal.
        const isRefused = problemOf(withoutPayload(cause)) !== undefined;
        if (error instanceof TimedOut || isRefused || !(await deadline.pause(waitMs))) {
          throw this.unreachable(consequence, 'not sent', cause, deadline);
        }
      }
    }
  }

  /**
   * Emits one event, and resolves when the transport says that it has left.
   *
   * @throws EngineUnreachableError; whatever the transport throws
   */
  async emit(pattern: string, message: unknown): Promise<void> {
    try {
      // A little longer than the time limit of RabbitMQ's own client, which then knows that it has
      // not sent the message.
      const emission = lastValueFrom(this.client.emit(pattern, message), {
        defaultValue: undefined,
      });
      await new Deadline(this.timeoutMs + 100).within(emission);
    } catch (error) {
      if (error instanceof TimedOut || (error instanceof Error && error.message === 'timeout')) {
        throw this.unreachable('whether an effect got out is not known', 'unknown', error);
      }
      throw withoutPayload(error);
    }
  }

  /**
   * Waits until the server has all events, if the transport can tell.
   *
   * @throws EngineUnreachableError
   */
  async flush(): Promise<void> {
    try {
      await new Deadline(this.timeoutMs).within(this.answer());
    } catch (error) {
      throw this.unreachable('whether effects got out is not known', 'unknown', error);
    }
  }

  private async answer(): Promise<void> {
    const connection = this.client.unwrap<Flushing>();
    if (typeof connection.flush === 'function') await connection.flush();
  }

  /**
   * Makes the message for an envelope. For RabbitMQ it has a time limit, without which its client
   * would keep the message in memory and send it whenever it can.
   */
  recordOf(envelope: EffectEnvelope): unknown {
    if (!(this.client instanceof ClientRMQ)) return envelope;
    return new RmqRecord(envelope, {
      messageId: envelope.id,
      timeout: this.timeoutMs,
    } as RmqRecord['options']);
  }

  unreachable(
    consequence: string,
    delivery: EngineUnreachableError['delivery'],
    cause: unknown,
    deadline?: Deadline,
  ): EngineUnreachableError {
    const reason = cause instanceof TimedOut ? undefined : withoutPayload(cause);
    const options = reason === undefined ? {} : { cause: reason };
    const engine = `The broker behind ${this.name}`;
    return new EngineUnreachableError(
      engine,
      deadline?.timeoutMs ?? this.timeoutMs,
      delivery,
      consequence,
      options,
      problemOf(reason),
      deadline?.option,
    );
  }
}

/** Messages by which NATS, RabbitMQ, MQTT and Redis say that they do not know this user. */
const LOGINS =
  /Authorization Violation|ACCESS[_-]REFUSED|Not authorized|Bad username or password|WRONGPASS|NOAUTH/i;

function problemOf(error: unknown): EngineProblem | undefined {
  const [told] = (error instanceof Error ? LOGINS.exec(error.message) : null) ?? [];
  return told === undefined ? undefined : { kind: 'login', told };
}
