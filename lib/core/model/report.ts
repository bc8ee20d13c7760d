import type { DispatchFailure } from '../../errors/dispatch.error.js';
import { append } from './append.js';
import type { Policy } from './policy.js';
import type { Intent } from './intent.js';

/**
 * Why an intent was thrown away: a `policy` said no, the `outcome` of its scope did not let it out, an earlier one failed
 * in `failFast` mode, its scope was `discarded` by hand, its transaction or savepoint was rolled back (`rollback`), another call
 * under its `dedupeKey` went out (`duplicate`), its handler failed and was invoked again (`retry`), it was called `outsideScope`
 * under `outsideScope: 'drop'` or `'report'`, or it came `late`, after its scope had ended.
 *
 * @publicApi
 */
export type DropReason =
  'policy' | 'outcome' | 'failFast' | 'discarded' | 'rollback' | 'duplicate' | 'retry' | 'outsideScope' | 'late';

/** One dropped intent; `policy` is the one that said no, where one did. @publicApi */
export interface DroppedIntent {
  readonly intent: Intent;
  readonly reason: DropReason;
  readonly policy?: Policy;
}

/** One failed intent; `policy` is the one that threw in `allows`, where it was not the executor. @publicApi */
export interface FailedIntent extends DispatchFailure<Intent> {
  readonly policy?: Policy;
}

/**
 * What became of a scope's intents, cascades included.
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

/** Of a scope that held nothing. @internal */
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

  /** @param settled what was decided before it is begun; taken over */
  constructor(settled?: FlushJournal) {
    if (settled !== undefined) this.add(settled);
  }

  /** Takes over what another one says was decided. */
  add(other: FlushJournal): void {
    append(this.dispatched, other.dispatched.splice(0));
    append(this.dropped, other.dropped.splice(0));
    append(this.failed, other.failed.splice(0));
  }
}
