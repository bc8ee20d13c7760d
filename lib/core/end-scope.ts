import { DispatchError } from '../errors/dispatch.error.js';
import type { OnDispatchError } from './scope-options.js';
import type { Outcome } from './model/scope-view.js';
import type { FlushReport } from './model/report.js';

/** A scope, as the code that ends it sees it. @internal */
export interface Endable {
  readonly id: string;
  readonly name: string | undefined;
  readonly hasEnded: boolean;
  /** The dispatch that is under way. */
  readonly dispatching: Promise<void> | undefined;
  /** Tells the outcome of work that has thrown. */
  outcomeOf(error: unknown): Outcome;
  /** Told the reason why its work failed, before it is ended. */
  failedBy(reason: string): void;
  endAt(
    outcome: Outcome,
    closedAt: string,
    onLateFailure?: (report: FlushReport) => Promise<void>,
    onHookFailure?: (error: unknown) => void,
  ): FlushReport | Promise<FlushReport>;
}

/**
 * Ends a scope, and treats effects that failed as its opener wants. Synchronous if no effect is
 * asynchronous. If the work itself did not complete, the caller gets its error: nothing is thrown
 * here, and failures are reported (rule 10).
 *
 * @param tell told errors that no caller is left to see
 * @internal
 */
export function endScope(
  scope: Endable,
  outcome: Outcome,
  closedAt: string,
  how: OnDispatchError,
  tell: (error: unknown) => void,
): void | Promise<void> {
  if (scope.hasEnded) return scope.dispatching;
  const isOfWork = outcome !== 'completed';
  const afterwards = how === 'throw' ? 'report' : how;
  const raised = (report: FlushReport): Promise<void> =>
    isOfWork ? raise(report, scope, afterwards, tell).catch(tell) : raise(report, scope, how, tell);
  try {
    const report = scope.endAt(
      outcome,
      closedAt,
      (late) => raise(late, scope, afterwards, tell),
      // The work is done: an error of a hook is thrown only if errors of effects are.
      how === 'throw' ? undefined : tell,
    );
    if (report instanceof Promise)
      return isOfWork ? report.then(raised).catch(tell) : report.then(raised);
    if (report.failed.length > 0) return raised(report);
  } catch (error) {
    if (!isOfWork) throw error;
    tell(error);
  }
}

async function raise(
  report: FlushReport,
  scope: Endable,
  how: OnDispatchError,
  tell: (error: unknown) => void,
): Promise<void> {
  if (report.failed.length === 0) return;
  const error = new DispatchError(report.failed, scope.name ?? scope.id);
  if (how === 'throw') throw error;
  if (how === 'report') tell(error);
  else await how(error);
}
