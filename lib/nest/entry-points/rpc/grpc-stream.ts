import { Observable } from 'rxjs';
import { type Context, contexts } from '../../../core/scope/context.js';
import type { Outcome } from '../../../core/model/scope-view.js';
import type { LatentScope } from '../../../core/latent-scope.js';

/** The parts of a gRPC call that are used. */
interface GrpcCall {
  /** Whether the client has left, or its deadline has passed; true as well once it was answered. */
  readonly cancelled: boolean;
  /** Layers of the call: interceptors, with the HTTP/2 stream innermost. Private to grpc-js. */
  readonly call?: Layer;
  emit(event: string | symbol, ...args: unknown[]): boolean;
}

interface Layer {
  readonly nextCall?: Layer;
  /** 0 where it has ended in order. */
  readonly stream?: { readonly rstCode?: number };
}

/** Sends the answer to a stream of the client's. */
type Answer = (error: unknown, ...value: unknown[]) => unknown;

/** @internal */
export function isGrpcCall(value: unknown): value is GrpcCall {
  const { cancelled, emit, getPeer } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof cancelled === 'boolean' && typeof emit === 'function' && typeof getPeer === 'function'
  );
}

/**
 * Whether the client has broken a call off. Node sends the end of a stream in front of its reset,
 * so the handler of one that was cancelled sees it end; a turn later the reset is there.
 *
 * @internal
 */
export async function isReset(call: GrpcCall): Promise<boolean> {
  await new Promise((resolve) => setImmediate(resolve));
  let layer = call.call;
  while (layer?.nextCall !== undefined) layer = layer.nextCall;
  return (layer?.stream?.rstCode ?? 0) > 0;
}

/**
 * The same stream, whose emissions are handled where it was subscribed to, not where the network is
 * read.
 * @internal
 */
export function inSubscribersContext(source: Observable<unknown>): Observable<unknown> {
  const bound = new Observable<unknown>((subscriber) => {
    const here = contexts.getStore() as Context;
    return source.subscribe({
      next: (value) => contexts.run(here, () => subscriber.next(value)),
      error: (error: unknown) => contexts.run(here, () => subscriber.error(error)),
      complete: () => contexts.run(here, () => subscriber.complete()),
    });
  });
  // Nest keeps messages until the handler has subscribed, and then calls this.
  const { drainBuffer } = source as { drainBuffer?: () => void };
  if (drainBuffer !== undefined)
    Object.defineProperty(bound, 'drainBuffer', { value: drainBuffer });
  return bound;
}

/**
 * A call that a handler is given as it is (`@GrpcStreamCall`): whoever listens to it hears it in
 * the scope, and it is known how it ends. That is with its answer, which is sent by `end()` or by
 * the callback, with an error, or with a client that leaves.
 *
 * @internal
 */
export class StreamCall {
  private outcome: Outcome | undefined;
  private onOver: ((outcome: Outcome) => void) | undefined;

  /** @param args of the handler: the call and, where the client alone streams, the callback */
  constructor(call: GrpcCall, args: unknown[], scope: LatentScope) {
    const inScope = scope.run(() => contexts.getStore() as Context);
    const emit = call.emit.bind(call);
    const value: GrpcCall['emit'] = (event, ...others) => {
      const outcome = this.outcome === undefined ? outcomeOf(event) : undefined;
      // Known before anybody hears of it: grpc-js ends a call while it tells of an error.
      if (outcome !== undefined) this.outcome = outcome;
      const isHeard = contexts.run(inScope, () => emit(event, ...others));
      if (outcome !== undefined) this.onOver?.(outcome);
      return isHeard;
    };
    Object.defineProperty(call, 'emit', { value, configurable: true, writable: true });
    const [, answer] = args;
    if (typeof answer !== 'function') return;
    args[1] = ((error, ...others) => {
      const isFirst = this.outcome === undefined;
      this.outcome ??= error ? 'failed' : 'completed';
      const sent = (answer as Answer)(error, ...others);
      if (isFirst) this.onOver?.(this.outcome);
      return sent;
    }) satisfies Answer;
  }

  /** Calls `fn` with how it ended, at once where it has. */
  whenOver(fn: (outcome: Outcome) => void): void {
    if (this.outcome === undefined) this.onOver = fn;
    else fn(this.outcome);
  }
}

/**
 * Reads from an event of a call how the call ended. `prefinish` comes before grpc-js calls it
 * cancelled, as it does each that is over.
 */
function outcomeOf(event: string | symbol): Outcome | undefined {
  if (event === 'cancelled') return 'cancelled';
  if (event === 'error') return 'failed';
  return event === 'prefinish' ? 'completed' : undefined;
}
