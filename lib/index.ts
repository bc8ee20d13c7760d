export { AllowAll } from './policies/allow-all.policy.js';
export { AllowOnly } from './policies/allow-only.policy.js';
export { AssertNoEffects } from './policies/assert-no-effects.policy.js';
export { BlockTasks, type BlockTasksOptions } from './policies/block-tasks.policy.js';
export { DropAll } from './policies/drop-all.policy.js';
export { LimitPerFlush } from './policies/limit-per-flush.policy.js';
export { type FlushLogger, LogOnFlush } from './policies/log-on-flush.policy.js';

export { InProcessExecutor, type InProcessOptions } from './executors/in-process.executor.js';

export type { OutsideScope } from './core/runtime-settings.js';
export { currentEffect } from './core/context.js';
export type { Deferred } from './core/deferred.js';
export { detached } from './core/detached.js';
export type { EffectRef } from './core/effect-ref.js';
export type { DispatchContext, FrameConnection } from './core/dispatch-context.js';
export type { AirlockMessage } from './core/diagnostics.js';
export type { EffectEnvelope, TraceContext } from './core/envelope.js';
export { EffectScope, type OnDispatchError, type ScopeOptions } from './core/effect-scope.js';
export { currentScope, defer, enqueue, enqueueWith, openScope, runInScope, withPolicy } from './core/functions.js';
export { keepFrames, keepSavepoints, type RunInTransaction } from './core/keep-frames.js';
export { type FrameOptions, type FrameState, openFrame, TransactionFrame } from './core/transaction-frame.js';
export {
  type DispatchResult,
  type EffectCall,
  type EffectTrigger,
  type EnqueueOptions,
  type Executor,
  type ExecutorRef,
  Intent,
  type Outcome,
  type Policy,
  type PolicyRef,
} from './core/intent.js';
export type { DroppedIntent, DropReason, FlushReport } from './core/report.js';
export type { LateCalls } from './core/late-call.js';
export type { CurrentEffect } from './core/running-effect.js';
export type { ScopeState, ScopeView } from './core/scope-view.js';

export { AirlockError, type ErrorCause } from './errors/airlock.error.js';
export { AirlockOptionsError } from './errors/airlock-options.error.js';
export { BufferLimitError } from './errors/buffer-limit.error.js';
export { CascadeDepthError } from './errors/cascade-depth.error.js';
export { DispatchError, type DispatchFailure } from './errors/dispatch.error.js';
export { EffectSerializationError } from './errors/effect-serialization.error.js';
export { EffectTimeoutError } from './errors/effect-timeout.error.js';
export { type EngineProblem, EngineUnreachableError } from './errors/engine-unreachable.error.js';
export { EscapeError } from './errors/escape.error.js';
export { FrameStateError } from './errors/frame-state.error.js';
export { MissingResultError } from './errors/missing-result.error.js';
export { NoScopeError } from './errors/no-scope.error.js';
export { PeerVersionError } from './errors/peer-version.error.js';
export { PolicyEnqueueError } from './errors/policy-enqueue.error.js';
export { PolicyViolationError } from './errors/policy-violation.error.js';
export { ScopeClosedError } from './errors/scope-closed.error.js';
export { ScopeStateError } from './errors/scope-state.error.js';
export { ShuttingDownError } from './errors/shutting-down.error.js';
export { TwoCopiesError } from './errors/two-copies.error.js';
export { UnknownEffectError } from './errors/unknown-effect.error.js';

export { AirlockInterceptor } from './nest/airlock.interceptor.js';
export { AirlockModule, type AirlockModuleAsyncOptions, type AirlockOptionsFactory } from './nest/airlock.module.js';
export { AirlockService } from './nest/airlock.service.js';
export {
  Airlock,
  type AirlockMethodOptions,
  type AirlockNeedsAsyncMethod,
} from './nest/decorators/airlock.decorator.js';
export {
  type DedupeKeyTakesOtherArguments,
  SideEffect,
  type SideEffectOptions,
  type SideEffectReturnsNothing,
} from './nest/decorators/side-effect.decorator.js';
export { SkipAirlock } from './nest/decorators/skip-airlock.decorator.js';
export { UseAirlockPolicy } from './nest/decorators/use-airlock-policy.decorator.js';
export { EffectBuffer } from './nest/effect-buffer.js';
export type { EscapeOptions } from './nest/escapes/escape-options.js';
export { BufferedCall } from './nest/migration/buffered-call.js';
export type {
  AirlockModuleOptions,
  BoundaryName,
  BoundaryOptions,
  EntryPointOptions,
  DispatchTime,
} from './nest/options.js';
export type { InterceptedProvider } from './nest/migration/intercepted-provider.js';
export type { ArgumentSerializer, RemoteOptions, Tracing } from './nest/remote/remote-options.js';
export type { AirlockReport, BoundaryReport, EffectReport } from './nest/report.js';
