import { Observable } from 'rxjs';
import { type Context, contexts } from '../../../core/scope/context.js';
import type { Outcome } from '../../../core/model/scope-view.js';
import type { LatentScope } from '../../../core/latent-scope.js';

/** The parts of a gRPC call that are used. */
interface GrpcCall {
  /** True if the client has left, or its deadline has passed; also once the call was answered. */
  readonly cancelled: boolean;
  /** Layers of the call: interceptors, with the HTTP/2 stream innermost. Private to grpc-js. */
  readonly call?: Layer;
  emit(event: string | symbol, ...args: unknown[]): boolean;
}

interface Layer {
  readonly nextCall?: Layer;
  /** 0 if it has ended in order. */
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
 * True if the client has broken a call off. Node emits the end of a stream before its reset, so a
 * handler sees a cancelled stream end; the reset is there a turn of the event loop later.
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
 * The same stream, whose emissions are handled in the context of the subscriber, and not in that of
 * the network.
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
 * A call that a handler gets as it is (`@GrpcStreamCall`). Calls its listeners in the scope, and
 * tells how the call ends: with its answer, which is sent by `end()` or by the callback, with an
 * error, or when the client leaves.
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
      // Noted before listeners are called: grpc-js ends a call while it tells of an error.
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

  /** Calls `fn` with the outcome when the call ends, or at once if it has. */
  whenOver(fn: (outcome: Outcome) => void): void {
    if (this.outcome === undefined) this.onOver = fn;
    else fn(this.outcome);
  }
}

/**
 * The outcome of a call that an event tells. `prefinish` comes before `cancelled`, which grpc-js
 * emits for every call that is over.
 */
function outcomeOf(event: string | symbol): Outcome | undefined {
  if (event === 'cancelled') return 'cancelled';
  if (event === 'error') return 'failed';
  return event === 'prefinish' ? 'completed' : undefined;
}
