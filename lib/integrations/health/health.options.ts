/** Options of `AirlockHealthModule.forRoot`. @publicApi */
export interface AirlockHealthOptions {
  /** Milliseconds that an engine may take to answer. @default 1_000 */
  readonly timeoutMs?: number;
  /**
   * Number of effects that may fail within `failureWindowMs` before that counts as degraded; those
   * of workers in this process too. @default 0
   */
  readonly maxFailures?: number;
  /** Milliseconds for which a failed effect counts. @default 60_000 */
  readonly failureWindowMs?: number;
  /**
   * Milliseconds from which on a scope that is still at work is stuck; `false` where scopes may
   * live for ever. @default 300_000
   */
  readonly stuckScopeMs?: number | false;
  /**
   * Milliseconds from which on a row in the outbox is old; `false` to not look at its age. @default
   * 300_000
   */
  readonly oldRowMs?: number | false;
  /**
   * True: what is degraded is reported as down, so that the check fails. False: the application
   * serves, and a restart would mend nothing. @default false
   */
  readonly isDegradedDown?: boolean;
}
