import { type EffectUnderWay, type Flushing, SlowFlush } from './slow-flush.js';
import type { Intent } from '../model/intent.js';
import type { FlushJournal } from '../model/report.js';
import type { FrameParticipant, StampedFrame } from '../model/stamped-frame.js';

// What an ended unit of work may still wait for: a dispatch, a transaction, an answer.

/** A dispatch under way. @internal */
export interface InFlight {
  remaining(): readonly Intent[];
  readonly underWay: readonly EffectUnderWay[];
}

/** Intents of a unit that belong to transactions. @internal */
export interface HeldIntents extends FrameParticipant {
  /** Intents that the outcome lets out and that wait for a commit (rule 22). */
  readonly deferred: readonly Intent[];
  /** Ends that transactions have decided, and that are in no report yet. */
  readonly settled: FlushJournal;
}

/** The answer that the caller of a unit of work waits for. @internal */
export interface Answer {
  readonly isGiven: boolean;
  /** Calls `fn` once: at once if the answer is given already, or never will be. */
  onceGiven(fn: () => void): void;
}

/** Intents that are let out and wait for the answer. @internal */
export interface Unanswered {
  readonly intents: readonly Intent[];
  /** Resolves when they have ended. */
  readonly ended: Promise<void>;
}

/**
 * Everything that one unit waits for, except the intents that it holds for transactions.
 * @internal
 */
export class PendingWork {
  /** Transactions that were begun in it and have not ended. */
  transactions: Set<StampedFrame> | undefined;
  unanswered: Set<Unanswered> | undefined;
  private inFlight: Set<InFlight> | undefined;
  private slow: SlowFlush | undefined;

  constructor(private readonly unit: Flushing) {}

  track(work: InFlight): void {
    (this.inFlight ??= new Set()).add(work);
    if (this.unit.host.slowFlushMs !== undefined) (this.slow ??= new SlowFlush(this.unit)).begin();
  }

  untrack(work: InFlight): void {
    this.inFlight?.delete(work);
    if (this.inFlight?.size === 0) this.slow?.end();
  }

  get underWay(): readonly EffectUnderWay[] {
    return [...(this.inFlight ?? [])].flatMap((work) => work.underWay);
  }

  /** Intents that are dispatched and have not ended. */
  get remaining(): readonly Intent[] {
    return [...(this.inFlight ?? [])].flatMap((work) => work.remaining());
  }

  get waitingForAnswer(): readonly Intent[] {
    return [...(this.unanswered ?? [])].flatMap(({ intents }) => intents);
  }

  get answering(): Promise<void> | undefined {
    const [held] = this.unanswered ?? [];
    return held?.ended;
  }
}
