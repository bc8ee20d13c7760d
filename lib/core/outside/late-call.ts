import { DispatchError } from '../../errors/dispatch.error.js';
import type { ScopeClosedError } from '../../errors/scope-closed.error.js';
import { type Context, ScopeContext } from '../scope/context.js';
import { enqueueIn } from '../enqueue/enqueue.js';
import type { Effect, EnqueueOptions } from '../model/enqueue-options.js';
import type { FlushReport } from '../model/report.js';
import type { Decision } from '../model/scope-view.js';
import { decisionOf } from '../flush/outcome.js';
import { discardAll, settle } from '../flush/settle.js';
import { type UnitHost, UnitOfWork } from '../scope/unit-of-work.js';
import { publishLostCall } from './lost-call.js';

/**
 * The treatment of a call made after its scope ended: it is named in an error log and dropped
 * (`report`), refused with `ScopeClosedError` (`throw`), or goes as the ended scope went
 * (`follow`).
 *
 * @publicApi
 */
export type LateCalls = 'report' | 'throw' | 'follow';

const COMPLETED: Decision = { outcome: 'completed', flushes: true };
const FAILED: Decision = { outcome: 'failed', flushes: false };

/** An application in which a call comes too late. */
interface LateHost extends UnitHost {
  readonly isClosing: boolean;
}

/**
 * Treats a call that was made after its scope ended as `lateCalls` says.
 *
 * @param late the unit of work of that scope
 * @throws ScopeClosedError where late calls throw; what refuses a call that follows
 * @internal
 */
export function takeLateCall(
  host: LateHost,
  lateCalls: LateCalls = 'report',
  error: ScopeClosedError,
  context: Context,
  late: UnitOfWork,
  options: EnqueueOptions,
  effect: Effect,
  args: unknown[],
): void {
  if (lateCalls === 'throw') throw error;
  // A shutdown waits for no more units of work.
  if (lateCalls === 'follow' && !host.isClosing)
    return enqueueLate(late, context, options, effect, args);
  host.logError(error);
  publishLostCall(late, context, options, effect, args, 'late');
}

/**
 * Puts a late call into a unit of work of its own, under the policies of the place where it was
 * made. That unit ends at once: as the late one has ended, or into the late one if that has not
 * ended yet.
 *
 * @throws what refuses the call
 */
function enqueueLate(
  late: UnitOfWork,
  context: Context,
  options: EnqueueOptions,
  effect: Effect,
  args: unknown[],
): void {
  const { host, chain, outer } = context;
  // Calls of an abandoned invocation are dropped, and so are its late calls (rule 7).
  if (context.attempt?.isAbandoned === true)
    return publishLostCall(late, context, options, effect, args, 'retry');
  if (late.discardReason !== undefined)
    return publishLostCall(late, context, options, effect, args, late.discardReason);
  const decision =
    context.attempt?.hasFailed === true ? FAILED : late.isEnded ? decisionOf(late) : COMPLETED;
  const unit = new UnitOfWork(host, {
    name: late.name,
    parent: late.isEnded ? late.parent : late,
    chain,
    executor: late.executor,
    level: late.level,
  });
  host.running.unitOpened(unit);
  const around = outer?.isLive === true ? outer : undefined;
  try {
    enqueueIn(new ScopeContext(host, unit, chain, around, undefined), options, effect, args);
  } catch (error) {
    unit.close('a refused call');
    discardAll(unit, 'discarded');
    throw error;
  }
  unit.close('the call itself');
  const tell = ({ failed }: FlushReport): void => {
    if (failed.length > 0) host.logError(new DispatchError(failed, unit.label));
  };
  try {
    const ending = settle(unit, decision, around);
    if (ending instanceof Promise)
      void ending.then(tell).catch((error: unknown) => host.logError(error));
    else tell(ending);
  } catch (error) {
    host.logError(error);
  }
}
