/** The call of an effect, as the effect sees it. @publicApi */
export interface CurrentEffect {
  /**
   * Id that is the same at the call, in the engine and at every attempt of a worker, so that a
   * handler can be idempotent.
   */
  readonly id: string;
  readonly name: string;
  readonly origin?: string;
  /**
   * Aborts with an `EffectTimeoutError` once the effect has run longer than its `timeoutMs`; hand
   * it to `fetch` and the like. Never aborts in a worker: its engine has limits of its own.
   */
  readonly signal: AbortSignal;
}

/** @internal */
export type EffectFacts = Omit<CurrentEffect, 'signal'>;

/** @internal */
export let abortEffect: (effect: RunningEffect, reason: Error) => void;
/** @internal */
export let isAborted: (effect: RunningEffect) => boolean;

/**
 * An effect that runs, as it sees itself. Its signal is made when it is first read.
 * @internal
 */
export class RunningEffect implements CurrentEffect {
  readonly id: string;
  readonly name: string;
  declare readonly origin?: string;
  #controller: AbortController | undefined;

  constructor({
    id,
    name,
    origin,
  }: {
    readonly id: string;
    readonly name: string;
    readonly origin?: string | undefined;
  }) {
    this.id = id;
    this.name = name;
    if (origin !== undefined) this.origin = origin;
  }

  get signal(): AbortSignal {
    return (this.#controller ??= new AbortController()).signal;
  }

  static {
    isAborted = (effect) => effect.#controller?.signal.aborted === true;
    abortEffect = (effect, reason) => (effect.#controller ??= new AbortController()).abort(reason);
  }
}
