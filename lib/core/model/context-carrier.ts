/** The effect that a value is captured for, or restored around. @publicApi */
export interface CarriedEffect {
  readonly id: string;
  readonly name: string;
}

/**
 * Carries a value from the call of an effect to its run, which may be after the response or in
 * another process: a tenant, a trace, a request's id. Given to
 * `AirlockModule.forRoot({ context: [...] })`.
 *
 * @publicApi
 */
export interface ContextCarrier<V = unknown> {
  /** Names the value on its way; workers find their carrier by it. */
  readonly name: string;
  /**
   * Runs at each call of an effect that is buffered, in the caller's stack. If it throws, the error
   * is logged and the effect goes out without the value.
   *
   * @returns plain JSON data, since the effect may leave the process; undefined for no value
   */
  capture(effect: CarriedEffect): V | undefined;
  /** Runs the effect with the value around it. @returns what `run` returns */
  restore<R>(value: V, run: () => R, effect: CarriedEffect): R;
}

/** Values on their way, by the names of their carriers. @internal */
export type CarriedContext = Readonly<Record<string, unknown>>;

/** Captures what an effect takes along. @internal */
export function captureContext(
  host: { readonly carriers: readonly ContextCarrier[]; logError(error: unknown): void },
  effect: CarriedEffect,
): CarriedContext | undefined {
  let carried: Record<string, unknown> | undefined;
  for (const carrier of host.carriers) {
    try {
      const value = carrier.capture(effect);
      if (value !== undefined) (carried ??= {})[carrier.name] = value;
    } catch (error) {
      host.logError(error);
    }
  }
  return carried;
}

/** Runs `fn` inside each carrier that has a value for it; the first is the outermost. @internal */
export function withContext<R>(
  carriers: readonly ContextCarrier[],
  carried: CarriedContext | undefined,
  effect: CarriedEffect,
  fn: () => R,
): R {
  if (carried === undefined) return fn();
  let run = fn;
  for (const carrier of carriers.toReversed()) {
    const value = Object.hasOwn(carried, carrier.name) ? carried[carrier.name] : undefined;
    if (value === undefined) continue;
    const inner = run;
    run = () => carrier.restore(value, inner, effect);
  }
  return run();
}
