/** Options of `AirlockHealthModule.forRoot`. @publicApi */
export interface AirlockHealthOptions {
  /** Milliseconds that an engine may take to answer. @default 1_000 */
  readonly timeoutMs?: number;
  /**
   * Number of effects, also in workers of this process, that may fail within `failureWindowMs`.
   * More are reported as degraded. @default 0
   */
  readonly maxFailures?: number;
  /** Milliseconds for which a failed effect counts. @default 60_000 */
  readonly failureWindowMs?: number;
  /**
   * Age in milliseconds at which a running scope counts as stuck; `false` if scopes may live for
   * ever. @default 300_000
   */
  readonly stuckScopeMs?: number | false;
  /**
   * Age in milliseconds at which a row in the outbox is old; `false` to not look at ages. @default
   * 300_000
   */
  readonly oldRowMs?: number | false;
  /**
   * True if degraded is reported as down, so that the check fails. False if not: the application
   * works, and a restart would change nothing. @default false
   */
  readonly isDegradedDown?: boolean;
}
