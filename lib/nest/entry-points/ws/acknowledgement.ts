import type { Outcome } from '../../../core/model/scope-view.js';

/** Key of `@nestjs/websockets/constants`, which is no part of its public API. */
const PARAMETERS = '__routeArguments__';

/** `WsParamtype.ACK`, in front of the index of the parameter. */
const ACK = /^13:/;

/** `(client, data, acknowledge)`, as a handler without parameter decorators is called. */
const WITH_ACKNOWLEDGE = 3;

/**
 * True for a handler that takes the callback by which socket.io acknowledges its message: by
 * `@Ack()`, or as its third argument.
 *
 * @internal
 */
export function acknowledgesItself(
  type: object,
  handler: { readonly name: string; readonly length: number },
): boolean {
  const parameters = Reflect.getMetadata(PARAMETERS, type, handler.name) as object | undefined;
  return parameters === undefined
    ? handler.length >= WITH_ACKNOWLEDGE
    : Object.keys(parameters).some((name) => ACK.test(name));
}

/** The parts of a socket of socket.io that are used; another adapter's client may lack them. */
interface Client {
  once?(event: 'disconnect', listener: () => void): unknown;
  off?(event: 'disconnect', listener: () => void): unknown;
  readonly connected?: boolean;
}

type Acknowledge = (...answer: unknown[]) => unknown;

/**
 * The acknowledgement that a handler sends itself, maybe from a callback after it has returned.
 *
 * @internal
 */
export class Acknowledgement {
  isGiven = false;
  private onOver: ((outcome: Outcome) => void) | undefined;

  /** @param at the place of the callback among the arguments of the handler */
  constructor(
    args: unknown[],
    at: number,
    private readonly client: Client,
  ) {
    const acknowledge = args[at] as Acknowledge;
    args[at] = ((...answer) => {
      const sent = acknowledge(...answer);
      this.isGiven = true;
      this.end('completed');
      return sent;
    }) satisfies Acknowledge;
  }

  /** Calls `fn` once: when it is given, or the client has left without it. */
  whenOver(fn: (outcome: Outcome) => void): void {
    if (this.client.connected === false) return fn('cancelled');
    this.onOver = fn;
    this.client.once?.('disconnect', this.onLeave);
  }

  private readonly onLeave = (): void => this.end('cancelled');

  private end(outcome: Outcome): void {
    const { onOver } = this;
    this.onOver = undefined;
    this.client.off?.('disconnect', this.onLeave);
    onOver?.(outcome);
  }
}
