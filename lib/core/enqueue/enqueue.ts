import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { BufferLimitError } from '../../errors/buffer-limit.error.js';
import { CascadeDepthError } from '../../errors/cascade-depth.error.js';
import { PolicyEnqueueError } from '../../errors/policy-enqueue.error.js';
import { makeRoom } from '../scope/attempt.js';
import { isThenable } from '../results/completion.js';
import {
  type Context,
  contextOfEvaluation,
  contexts,
  type PolicyEvaluation,
} from '../scope/context.js';
import { copyPlain } from './copy-plain.js';
import { captureContext } from '../model/context-carrier.js';
import { isHeard, publish } from '../model/diagnostics.js';
import { type Effect, effectName, type EnqueueOptions } from '../model/enqueue-options.js';
import { type PolicyLink, policyName } from '../model/policy.js';
import type { EffectCall, Executor } from '../model/executor.js';
import { InProcessExecutor } from '../model/in-process.executor.js';
import { carry, freeze, Intent, type Stamp } from '../model/intent.js';
import { joinFrame } from '../frame/held-intents.js';
import type { EndAtCall } from '../model/end-at-call.js';
import { raiseUnheard } from '../model/refusal.js';
import { copyArguments } from './serialization.js';
import { currentFrame } from '../frame/current-frame.js';
import { type CascadeLevel, chainTo } from '../scope/cascade-level.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';

/** @internal */
export const NO_OPTIONS: EnqueueOptions = Object.freeze({});

/** Runs effects that the executor of a call does not accept. */
const inProcess = new InProcessExecutor();

/**
 * Turns a call into a buffered intent: checks the call, stamps it, asks `onEnqueue` of the
 * policies, and buffers it.
 *
 * @returns its end, if a test runs it at its call
 * @throws NoScopeError, ScopeClosedError, PolicyEnqueueError, CascadeDepthError, BufferLimitError,
 *   EffectSerializationError, AirlockOptionsError, FrameStateError, or whatever a policy's
 *   `onEnqueue` throws; in each case nothing was buffered and nothing buffered is lost
 * @internal
 */
export function enqueueIn(
  context: Context,
  options: EnqueueOptions,
  effect: Effect,
  args: unknown[],
): EndAtCall {
  if (typeof effect !== 'function')
    throw AirlockOptionsError.expected('effect', 'a function', effect);
  if (context.evaluation !== undefined) {
    throw new PolicyEnqueueError(
      policyName(context.evaluation.policy),
      effectName(options, effect),
    );
  }
  const unit = context.receiver();
  if (unit === undefined) return context.host.outsideScope(context, options, effect, args);
  if (unit.state !== 'open') return late(context, unit, options, effect, args);
  if (unit.level !== undefined) assertInCascade(unit, unit.level, options, effect);
  if (unit.isFull && options.dedupeKey === undefined && !makeRoom(unit))
    throw full(unit, options, effect);
  const frameHere = currentFrame();
  const frame = options.survivesRollback === true ? undefined : frameHere;
  if (frame?.isTangled === true) throw frame.refuseCall(effectName(options, effect));

  const shared = context.stampFor(unit, options, frame, effect);
  const stamp =
    shared.executor.accepts === undefined ? shared : acceptedBy(shared, options, effect, args);
  if (frame !== undefined && stamp.executor.transactional === true && stamp.on === 'success')
    frame.whole.assertWaitsForWrites(effectName(options, effect));
  const copies = argumentsKeptBy(stamp.executor, options, effect, args);
  const intent = new Intent(stamp, unit.nextSequence(), effect, copies);
  const isTooMany = unit.isFull && !makeRoom(unit);
  if (isTooMany && !unit.buffer.isRepeated(intent)) throw full(unit, options, effect);
  const { watchers } = stamp.path;
  if (watchers !== undefined) {
    askWatchers(watchers, freeze(intent), unit);
    // A policy may have ended the scope, which TypeScript does not know.
    if ((unit as UnitOfWork).state !== 'open') return late(context, unit, options, effect, args);
  }
  if (isTooMany) return dropRepeated(unit, intent);
  // Not before: carriers are not asked for calls that are refused.
  if (unit.host.carriers.length > 0) carry(intent, captureContext(unit.host, freeze(intent)));
  unit.add(intent);
  if (unit.level !== undefined) unit.level.cascade.calls++;
  if (isHeard.enqueue(unit.host))
    publish(unit.host, 'enqueue', { scope: unit.view, intent: freeze(intent) });
  if (frame === undefined) return frameHere?.whole.noteCall();
  joinFrame(unit, intent);
  frame.noteCaller(intent.name);
}

/**
 * Drops a call that repeats one in a full buffer. It is in no report: a loop may repeat a call more
 * often than a buffer has room.
 */
function dropRepeated(unit: UnitOfWork, intent: Intent): void {
  if (isHeard.drop(unit.host))
    publish(unit.host, 'drop', { scope: unit.view, intent: freeze(intent), reason: 'duplicate' });
}

function full(unit: UnitOfWork, options: EnqueueOptions, effect: Effect): BufferLimitError {
  return new BufferLimitError(
    effectName(options, effect),
    unit.label,
    unit.host.maxEffectsPerScope,
  );
}

function late(
  context: Context,
  unit: UnitOfWork,
  options: EnqueueOptions,
  effect: Effect,
  args: unknown[],
): void {
  const error = unit.closedError(effectName(options, effect));
  // The stack begins at the call, and not in here.
  Error.captureStackTrace(error, enqueueIn);
  unit.host.lateCall(error, context, unit, options, effect, args);
}

/** The same stamp, or one with the in-process executor if its own does not accept the effect. */
function acceptedBy(stamp: Stamp, options: EnqueueOptions, effect: Effect, args: unknown[]): Stamp {
  return stamp.executor.accepts!(callOf(options, effect, args))
    ? stamp
    : { ...stamp, executor: inProcess };
}

/** The copies of arguments that an intent for an executor keeps. */
function argumentsKeptBy(
  executor: Executor,
  options: EnqueueOptions,
  effect: Effect,
  args: unknown[],
): unknown[] {
  if (executor.keepArguments !== undefined)
    return executor.keepArguments(callOf(options, effect, args));
  return executor.remote === true
    ? copyArguments(effectName(options, effect), args)
    : copyPlain(args);
}

function callOf(options: EnqueueOptions, effect: Effect, args: unknown[]): EffectCall {
  return {
    name: effectName(options, effect),
    effect,
    args,
    dispatchOptions: options.dispatchOptions,
  };
}

function askWatchers(watchers: PolicyLink, intent: Intent, unit: UnitOfWork): void {
  for (let at: PolicyLink | undefined = watchers; at !== undefined; at = at.next) {
    const { policy } = at;
    const evaluation: PolicyEvaluation = { policy, flush: undefined, isActive: true };
    let result: unknown;
    try {
      result = contexts.run(contextOfEvaluation(unit, evaluation), () => policy.onEnqueue!(intent));
    } finally {
      evaluation.isActive = isThenable(result);
    }
    if (isThenable(result)) void watchOn(result, evaluation, unit);
    else raiseUnheard(evaluation, unit.host);
  }
}

/**
 * Waits for an `async onEnqueue`. It cannot refuse the call any more; its error is logged, and
 * effects that it calls are refused until it has ended.
 */
async function watchOn(
  result: PromiseLike<unknown>,
  evaluation: PolicyEvaluation,
  unit: UnitOfWork,
): Promise<void> {
  try {
    await result;
    raiseUnheard(evaluation, unit.host);
  } catch (error) {
    unit.host.logError(error);
  } finally {
    evaluation.isActive = false;
  }
}

/**
 * Limits the depth of a cascade, and the calls in it: two calls by each effect are a hundred
 * thousand after sixteen levels.
 */
function assertInCascade(
  unit: UnitOfWork,
  level: CascadeLevel<UnitOfWork>,
  options: EnqueueOptions,
  effect: Effect,
): void {
  const { maxCascadeDepth, maxEffectsPerScope } = unit.host;
  if (level.depth > maxCascadeDepth)
    throw new CascadeDepthError(chainTo(level, effectName(options, effect)), maxCascadeDepth);
  if (level.cascade.calls < maxEffectsPerScope) return;
  const chain = chainTo(level, effectName(options, effect));
  throw new BufferLimitError(chain.at(-1)!, level.origin.label, maxEffectsPerScope, chain);
}
