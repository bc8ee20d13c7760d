import type { AttemptMark } from './intent.js';

/**
 * A holder of refused calls, which they fail while nobody listens: a unit of work, or a policy that
 * is being asked.
 * @internal
 */
export interface HasRefusals {
  /** Refused calls in their order; made with the first. */
  unheard?: Set<Refusal> | undefined;
}

/**
 * The rejection of a call that was refused. Whoever awaits or catches it gets the error. What
 * nobody listens to is no unhandled rejection, which would end the process: it fails the scope that
 * was open at the call, and is reported where none was.
 *
 * @internal
 */
export class Refusal extends Promise<never> {
  /** A plain Promise: whatever is derived from it is the listener's own. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /**
   * @param attempt the invocation that the call was made in, where the work may be invoked again
   * @param after what the rejection waits for, itself rejected
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
    // Without a handler of rejections nobody listens, and what would be derived is the same
    // rejection.
    if (typeof onRejected !== 'function') return this;
    this.holder.unheard?.delete(this);
    return super.then(onFulfilled, onRejected);
  }

  /** Listens to nothing: what it returns is the same rejection, later. */
  override finally(onFinally?: (() => void) | null): Promise<never> {
    return new Refusal(this.error, this.holder, this.attempt, super.finally(onFinally));
  }
}

/** @internal */
export function hasUnheard({ unheard }: HasRefusals): boolean {
  return unheard !== undefined && unheard.size > 0;
}

/** The errors that nobody has listened to; each is taken once. @internal */
export function takeUnheard(holder: HasRefusals): readonly unknown[] {
  const { unheard } = holder;
  holder.unheard = undefined;
  return unheard === undefined ? [] : [...unheard].map(({ error }) => error);
}

/**
 * @param host told of all but the first, and of those in invocations that have failed: what answers
 *   in their place is not failed by them
 * @throws the first error that nobody has listened to
 * @internal
 */
export function raiseUnheard(holder: HasRefusals, host: { logError(error: unknown): void }): void {
  if (!hasUnheard(holder)) return;
  const unheard = [...holder.unheard!];
  holder.unheard = undefined;
  const first = unheard.find(({ attempt }) => !attempt?.isAbandoned && !attempt?.hasFailed);
  for (const one of unheard) if (one !== first) host.logError(one.error);
  if (first !== undefined) throw first.error;
}

/**
 * Reports what nobody listens to, once a caller that stands at its `await` has had the time to
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
