import type { InjectionToken } from '@nestjs/common';

/**
 * A provider whose direct calls are buffered: the way from calls that leave at once to effects.
 * @publicApi
 */
export interface InterceptedProvider {
  /** The provider's token, in whatever module it is. */
  readonly token: InjectionToken;
  /** Its methods that have an effect, such as `add` of a queue. */
  readonly methods: readonly string[];
  /**
   * True if not every application with these options has the provider: one without it boots all the
   * same. A provider that has no such method is refused in either case.
   *
   * @default false
   */
  readonly optional?: boolean;
}
