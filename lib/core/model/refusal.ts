import type { AttemptMark } from './intent.js';

/**
 * Holder of calls that were refused: a unit of work, or a policy that is being asked. A refused
 * call that nobody listens to fails it.
 * @internal
 */
export interface HasRefusals {
  /** Refused calls that nobody has listened to, in their order; made with the first. */
  unheard?: Set<Refusal> | undefined;
}

/**
 * The rejection of a call that was refused. Whoever awaits or catches it gets the error. If nobody
 * listens, it is no unhandled rejection, which would end the process: it fails the scope that was
 * open at the call, or is logged if none was.
 *
 * @internal
 */
export class Refusal extends Promise<never> {
  /** A plain Promise: a Promise derived from this one is the listener's own. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /**
   * @param attempt the invocation that the call was made in, if the work may be invoked again
   * @param after a Promise that the rejection waits for; it is rejected itself
   */
  constructor(
    readonly error: unknown,
    private readonly holder: HasRefusals,
    readonly attempt?: AttemptMark,
    after?: Promise<never>,
  ) {
    super((_, reject) => void (after === undefined ? reject(error as Error) : after.catch(reject)));
    super.then(undefined, () => {});
    (holder.unheard ??= new Set()).add(this);
  }

  /** Called by `catch`, `await`, `Promise.all` and a `return` in an `async` function too. */
  // oxlint-disable-next-line unicorn/no-thenable -- it is a Promise.
  override then<A = never, B = never>(
    onFulfilled?: ((value: never) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    // Without a handler of rejections nobody listens, and a derived Promise would be the same
    // rejection.
    if (typeof onRejected !== 'function') return this;
    this.holder.unheard?.delete(this);
    return super.then(onFulfilled, onRejected);
  }

  /** Does not listen: it returns the same rejection, later. */
  override finally(onFinally?: (() => void) | null): Promise<never> {
    return new Refusal(this.error, this.holder, this.attempt, super.finally(onFinally));
  }
}

/** @internal */
export function hasUnheard({ unheard }: HasRefusals): boolean {
  return unheard !== undefined && unheard.size > 0;
}

/** Takes out the errors that nobody has listened to. @internal */
export function takeUnheard(holder: HasRefusals): readonly unknown[] {
  const { unheard } = holder;
  holder.unheard = undefined;
  return unheard === undefined ? [] : [...unheard].map(({ error }) => error);
}

/**
 * Fails the holder with a refused call that nobody has listened to, and logs the others. Those made
 * in invocations that have failed are only logged: something else has answered in their place.
 *
 * @throws the first error that nobody has listened to
 * @internal
 */
export function raiseUnheard(holder: HasRefusals, host: { logError(error: unknown): void }): void {
  if (!hasUnheard(holder)) return;
  const unheard = [...holder.unheard!];
  holder.unheard = undefined;
  const first = unheard.find(({ attempt }) => !attempt?.isAbandoned && !attempt?.hasFailed);
  for (const refusal of unheard) if (refusal !== first) host.logError(refusal.error);
  if (first !== undefined) throw first.error;
}

/**
 * Logs the errors that nobody listens to, once a caller that awaits its call has had the time to
 * listen.
 * @internal
 */
export async function reportUnheard(
  holder: HasRefusals,
  host: { logError(error: unknown): void },
): Promise<void> {
  // The caller's `await` begins after this one, and listens one turn later.
  await Promise.resolve();
  await Promise.resolve();
  for (const error of takeUnheard(holder)) host.logError(error);
}
