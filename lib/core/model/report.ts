import type { DispatchFailure } from '../../errors/dispatch.error.js';
import { append } from './append.js';
import type { Policy } from './policy.js';
import type { Intent } from './intent.js';

/**
 * The reason why an intent was dropped:
 *
 * - `policy`: a policy said no.
 * - `outcome`: the outcome of its scope, or the failure of its handler, did not let it out.
 * - `failFast`: an earlier one failed in `failFast` mode.
 * - `discarded`: its scope was discarded by hand.
 * - `rollback`: its transaction or savepoint was rolled back.
 * - `duplicate`: another call under its `dedupeKey` went out.
 * - `retry`: its handler failed and was invoked again.
 * - `outsideScope`: it was called outside a scope, under `outsideScope: 'drop'` or `'report'`.
 * - `late`: it was called after its scope had ended.
 *
 * @publicApi
 */
export type DropReason =
  | 'policy'
  | 'outcome'
  | 'failFast'
  | 'discarded'
  | 'rollback'
  | 'duplicate'
  | 'retry'
  | 'outsideScope'
  | 'late';

/** One dropped intent; `policy` is the one that said no, if any. @publicApi */
export interface DroppedIntent {
  readonly intent: Intent;
  readonly reason: DropReason;
  readonly policy?: Policy;
}

/**
 * One failed intent; `policy` is the one that threw in `allows`, if it was not the executor.
 * @publicApi
 */
export interface FailedIntent extends DispatchFailure<Intent> {
  readonly policy?: Policy;
}

/**
 * The ends of a scope's intents, cascades included.
 *
 * @publicApi
 */
export interface FlushReport {
  /** Handed to their executors, in that order. */
  readonly dispatched: readonly Intent[];
  readonly dropped: readonly DroppedIntent[];
  readonly failed: readonly FailedIntent[];
  /** Handed over to an enclosing scope, which decides. */
  readonly captured: readonly Intent[];
  /** Waiting for the commit of a transaction that is still open. */
  readonly deferred: readonly Intent[];
}

/**
 * Every way in which an intent may end. Code that handles one and forgets another does not compile.
 * @internal
 */
type IntentEnd = keyof FlushReport;

/**
 * Ends that are final; an intent with another end has one of these in a later report.
 * @internal
 */
export type FinalEnd = Exclude<IntentEnd, 'captured' | 'deferred'>;

const FINAL = Object.keys({ dispatched: 1, dropped: 1, failed: 1 } satisfies Record<
  FinalEnd,
  1
>) as FinalEnd[];

/** The report of a scope that held nothing. @internal */
export const NOTHING: FlushReport = Object.freeze({
  dispatched: Object.freeze([]),
  dropped: Object.freeze([]),
  failed: Object.freeze([]),
  captured: Object.freeze([]),
  deferred: Object.freeze([]),
});

/** A report while it is written. @internal */
export class FlushJournal implements FlushReport {
  readonly dispatched: Intent[] = [];
  readonly dropped: DroppedIntent[] = [];
  readonly failed: FailedIntent[] = [];
  captured: readonly Intent[] = [];
  readonly deferred: Intent[] = [];

  /** @param settled entries that were made before; moved into this one */
  constructor(settled?: FlushJournal) {
    if (settled !== undefined) this.add(settled);
  }

  /** Moves the final ends out of another journal into this one. */
  add(other: FlushJournal): void {
    for (const end of FINAL)
      if (other[end].length > 0) append<unknown>(this[end], other[end].splice(0));
  }
}
