import type { Intent } from './intent.js';

/** The way a unit of work ended. @publicApi */
export type Outcome = 'completed' | 'failed' | 'cancelled';

/** The end of a unit of work: its outcome, and whether its ordinary intents get out. @internal */
export interface Decision {
  readonly outcome: Outcome;
  readonly flushes: boolean;
}

/** The state of a scope: taking calls, taking none, or ended one way or the other. @publicApi */
export type ScopeState = 'open' | 'closed' | 'flushed' | 'discarded';

/**
 * The part of a scope that code inside it may see. Every list is a snapshot; a scope that ended
 * lists nothing.
 *
 * @publicApi
 */
export interface ScopeView {
  readonly id: string;
  readonly name?: string;
  readonly parent?: ScopeView;
  readonly state: ScopeState;
  readonly intents: readonly Intent[];
  /** Enqueued in this scope itself. */
  readonly ownIntents: readonly Intent[];
  /** Handed over by nested scopes. */
  readonly capturedIntents: readonly Intent[];
}
