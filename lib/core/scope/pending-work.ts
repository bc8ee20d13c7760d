import type { EffectUnderWay } from './slow-flush.js';
import type { Intent } from '../model/intent.js';
import type { FlushJournal } from '../model/report.js';
import type { FrameParticipant } from '../model/stamped-frame.js';

// All that may keep a unit of work from coming to rest: a dispatch, a transaction, an answer.

/** A dispatch under way. @internal */
export interface InFlight {
  remaining(): readonly Intent[];
  readonly underWay: readonly EffectUnderWay[];
}

/** Intents of a unit that belong to transactions. @internal */
export interface HeldIntents extends FrameParticipant {
  /** Let out by the outcome, waiting for a commit (rule 22). */
  readonly deferred: readonly Intent[];
  /** Decisions of transactions that no report has told yet. */
  readonly settled: FlushJournal;
}

/** The answer that the caller of a unit of work waits for. @internal */
export interface Answer {
  readonly isGiven: boolean;
  /** Calls `fn` once: at once where it is given already, or never will be. */
  onceGiven(fn: () => void): void;
}

/** Intents that are let out and wait for the answer. @internal */
export interface Unanswered {
  readonly intents: readonly Intent[];
  /** Resolves when it has ended. */
  readonly rested: Promise<void>;
}
