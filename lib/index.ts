export { AllowAll } from './policies/allow-all.policy.js';
export { AllowOnly } from './policies/allow-only.policy.js';
export { AssertNoEffects } from './policies/assert-no-effects.policy.js';
export { BlockTasks, type BlockTasksOptions } from './policies/block-tasks.policy.js';
export { DropAll } from './policies/drop-all.policy.js';
export { LimitPerFlush } from './policies/limit-per-flush.policy.js';
export { type FlushLogger, LogOnFlush } from './policies/log-on-flush.policy.js';

export { InProcessExecutor, type InProcessOptions } from './core/model/in-process.executor.js';

export type { OutsideScope } from './core/runtime-settings.js';
export { currentEffect } from './core/scope/context.js';
export type { Deferred } from './core/enqueue/deferred.js';
export { detached } from './core/outside/detached.js';
export type { EffectRef } from './core/effect/effect-ref.js';
export type { CarriedEffect, ContextCarrier } from './core/model/context-carrier.js';
export type {
  DispatchContext,
  FrameConnection,
  SqlDialect,
} from './core/model/dispatch-context.js';
export type {
  AirlockMessage,
  AirlockMessages,
  DispatchMessage,
  DropMessage,
  EffectRunEvent,
  EffectRunMessage,
  EnqueueMessage,
  FailMessage,
  ScopeEvent,
  ScopeMessage,
} from './core/model/diagnostics.js';
export { type AirlockListener, onAirlock } from './core/on-airlock.js';
export type { EffectEnvelope } from './nest/remote/envelope.js';
export { EffectScope } from './core/effect-scope.js';
export type { OnDispatchError, ScopeOptions } from './core/scope-options.js';
export {
  currentScope,
  defer,
  enqueue,
  enqueueWith,
  openScope,
  runInScope,
  withPolicy,
} from './core/functions.js';
export {
  trackTransactions,
  trackSavepoints,
  type RunInTransaction,
} from './core/frame/track-transactions.js';
export { openFrame } from './core/frame/open-frame.js';
export {
  type FrameOptions,
  type FrameState,
  TransactionFrame,
} from './core/frame/transaction-frame.js';
export { type EffectTrigger, type EnqueueOptions } from './core/model/enqueue-options.js';
export { type Policy, type PolicyRef } from './core/model/policy.js';
export {
  type DispatchResult,
  type EffectCall,
  type Executor,
  type ExecutorRef,
} from './core/model/executor.js';
export { type Outcome } from './core/model/scope-view.js';
export { Intent } from './core/model/intent.js';
export type { DroppedIntent, DropReason, FlushReport } from './core/model/report.js';
export type { LateCalls } from './core/outside/late-call.js';
export type { CurrentEffect } from './core/scope/running-effect.js';
export type { ScopeState, ScopeView } from './core/model/scope-view.js';

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

export { AirlockInterceptor } from './nest/boundaries/airlock.interceptor.js';
export {
  AirlockModule,
  type AirlockModuleAsyncOptions,
  type AirlockOptionsFactory,
} from './nest/airlock.module.js';
export { AirlockService } from './nest/services/airlock.service.js';
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
export { EffectBuffer } from './nest/services/effect-buffer.js';
export type { AirlockLogOptions } from './nest/options/log-options.js';
export type { EscapeOptions } from './nest/options/escape-options.js';
export { BufferedCall } from './nest/intercept/buffered-call.js';
export type { AirlockModuleOptions } from './nest/options/airlock-options.js';
export type {
  BoundaryName,
  BoundaryOptions,
  EntryPointOptions,
  DispatchTime,
} from './nest/options/boundary-options.js';
export type { InterceptedProvider } from './nest/options/intercepted-provider.js';
export type { ArgumentSerializer, RemoteOptions } from './nest/remote/remote-options.js';
export type {
  AirlockReport,
  BoundaryReport,
  EffectReport,
  EntryPointReport,
  PolicyReport,
} from './nest/services/airlock-report.js';
export type { RunningEffectReport, RunningScopeReport } from './nest/services/running-scope.js';
export type { AdapterReport, WorkerReport } from './nest/services/self-description.js';
