// What the routes of the inspector send: the page is written against these types.

/**
 * State of an effect: called and kept in by its scope (`buffered`), let out and not over, as it
 * waits for a commit or the answer, or runs (`waiting`), out (`sent`), `dropped` or `failed`.
 */
export type EffectState = 'buffered' | 'waiting' | 'sent' | 'dropped' | 'failed';

/** @internal */
export interface EffectView {
  readonly id: string;
  readonly name: string;
  readonly state: EffectState;
  /** Sentence that says what became of it and why. */
  readonly sentence: string;
  /** `DropReason`, of one that was dropped. */
  readonly reason?: string;
  /** Class name of the policy that said no, or threw. */
  readonly policy?: string;
  /** Name of what runs it: `in process`, or the class of an executor. */
  readonly executor: string;
  /** Id of the job that its engine has made of it. */
  readonly jobId?: string;
  /** Class and code of what it failed with, and what `redactError` shows of it. */
  readonly error?: string;
  /** Number of attempts of its engine, as far as they were made in this process. */
  readonly attempts?: number;
  readonly durationMs?: number;
  /** Place in the code that has called it. */
  readonly place?: string;
  /** The nested scope or the effect that it was called in. */
  readonly within?: string;
  /** Text that `redact` has made of its arguments. */
  readonly args?: string;
}

/** @internal */
export interface TransactionView {
  readonly name: string;
  readonly fate: 'open' | 'committed' | 'rolledBack';
}

/** @internal */
export interface UnitView {
  readonly id: string;
  /** `OrdersController.place`, or the name of the scope. */
  readonly entryPoint: string;
  /** The kind of the entry point: `http`, `schedule`, …, `scope`, or `outside`. */
  readonly kind: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** `ending`: its outcome is known, and effects of it are still to end. */
  readonly state: 'open' | 'ending' | 'ended';
  readonly outcome?: 'completed' | 'failed' | 'cancelled';
  /** Class of the error that its work failed with, or the status that it was answered with. */
  readonly failedBy?: string;
  /** From its first effect or its opening to its outcome. */
  readonly durationMs?: number;
  readonly transactions: readonly TransactionView[];
  readonly effects: readonly EffectView[];
  /** Number of effects that it has beyond those. */
  readonly more: number;
}

/** Totals of effects since midnight. @internal */
export interface TotalsView {
  readonly sent: number;
  readonly failed: number;
  /** By `DropReason`. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** Something new: the units that have changed. @internal */
export interface ChangesView {
  /** The server's clock. */
  readonly now: number;
  readonly totals: TotalsView;
  readonly units: readonly UnitView[];
}

/** All there is. @internal */
export interface StateView extends ChangesView {
  readonly capacity: number;
  readonly readOnly: boolean;
  readonly showsArguments: boolean;
  /** Whether the application has an outbox, whose stuck rows can be listed. */
  readonly hasOutbox: boolean;
}
