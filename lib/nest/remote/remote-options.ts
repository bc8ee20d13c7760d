/**
 * Turns arguments that plain JSON cannot carry, such as dates or bigints, into some that it can,
 * and back. @publicApi
 */
export interface ArgumentSerializer {
  /** @returns plain JSON data; anything else is refused at the call */
  serialize(args: readonly unknown[]): readonly unknown[];
  deserialize(args: readonly unknown[]): readonly unknown[];
}

/** Options of every executor that leaves the process. @publicApi */
export interface RemoteOptions {
  /**
   * Treatment of an effect that is no `@SideEffect()` method and so has no name a worker could
   * find: it runs in this process, or its call is refused.
   *
   * @default 'in-process', with a warning for each effect
   */
  readonly plainFunctions?: 'in-process' | 'refuse';
  /** @default plain JSON data, anything else refused */
  readonly serializer?: ArgumentSerializer;
  /**
   * Largest size of the arguments of a call, in bytes of JSON; larger ones are refused at the call.
   * @default 1_000_000
   */
  readonly maxPayloadBytes?: number;
}
