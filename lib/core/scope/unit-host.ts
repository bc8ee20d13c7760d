import type { ScopeClosedError } from '../../errors/scope-closed.error.js';
import type { ContextCarrier } from '../model/context-carrier.js';
import type { MessageHost } from '../model/diagnostics.js';
import type { EndAtCall } from '../model/end-at-call.js';
import type { Effect, EnqueueOptions } from '../model/enqueue-options.js';
import type { Executor } from '../model/executor.js';
import type { Intent } from '../model/intent.js';
import type { Policy, PolicyRef } from '../model/policy.js';
import type { FlushJournal, FlushReport } from '../model/report.js';
import type { StampedFrame } from '../model/stamped-frame.js';
import type { ExecutorOverride } from './executor-override.js';

/**
 * The application of units of work: its limits and settings, and the treatment of calls and intents
 * that a unit does not decide about itself.
 *
 * @internal
 */
export interface HostOf<Unit> extends MessageHost {
  readonly maxEffectsPerScope: number;
  readonly maxCascadeDepth: number;
  readonly flushesOnCancel: boolean;
  readonly executorOverride: ExecutorOverride | undefined;
  readonly effectTimeoutMs: number | false;
  /** They carry values from the calls of effects to their runs. */
  readonly carriers: readonly ContextCarrier[];
  /** Milliseconds after which a flush is named in a warning; undefined for no such warnings. */
  readonly slowFlushMs: number | undefined;
  /** The names of effects that such a warning has named. */
  readonly knownAsSlow: Set<string>;
  /** Takes a call that is made outside a scope. */
  outsideScope(
    context: object,
    options: EnqueueOptions,
    effect: Effect,
    args: unknown[],
  ): EndAtCall;
  /** Takes a call that is made after its scope ended; `error` shows where it was made. */
  lateCall(
    error: ScopeClosedError,
    context: object,
    unit: Unit,
    options: EnqueueOptions,
    effect: Effect,
    args: unknown[],
  ): void;
  executorNamed(name: string): Executor;
  /** @param on the object that names them: classes are looked up from its module */
  policiesOf(ref: PolicyRef | readonly PolicyRef[] | undefined, on?: object): readonly Policy[];
  warn(message: string): void;
  /** Dispatches intents that are free to go; writes them in a transaction if one is given. */
  dispatch(
    unit: Unit,
    journal: FlushJournal,
    queue: readonly Intent[],
    frame?: StampedFrame,
  ): void | Promise<void>;
  /** Told the ends of the intents of an ended unit, and again of those that end later. */
  readonly onSettled: ((unit: Unit, report: FlushReport) => void) | undefined;
  readonly running: RunningUnits<Unit>;
}

/** The units of work that an application has to wait for. */
interface RunningUnits<Unit> {
  unitOpened(unit: Unit): void;
  unitEnded(unit: Unit): void;
}
