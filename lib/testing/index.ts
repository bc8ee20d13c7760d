export type { TestedApplication } from './kit/application-of.js';
export { AirlockTestingModule, type AirlockTestingOptions } from './kit/airlock-testing.module.js';
export {
  type CaptureHooks,
  captureInEveryTest,
  effectsOfTest,
  type EveryTestOptions,
} from './kit/capture/capture-in-every-test.js';
export {
  type CapturedEffects,
  captureEffects,
  type CaptureOptions,
} from './kit/capture/capture-effects.js';
export {
  checkForLeaks,
  type LeakCheckOptions,
  type LeakWatch,
  type TestHooks,
  watchForLeaks,
} from './kit/leaks/check-for-leaks.js';
export { drain, type DrainOptions } from './kit/waiting/drain.js';
export { beginTestTransaction } from '../core/frame/test-transaction.js';
export type { EffectRef } from '../core/effect/effect-ref.js';
export {
  type EffectSerializer,
  effectSerializer,
  type EffectSerializerOptions,
} from './kit/snapshots/effect-serializer.js';
export { type AirlockMatcher, airlockMatchers } from './matchers/airlock-matchers.js';
export type { EffectSource } from './matchers/known-effects.js';
export type { MatcherContext, MatcherResult } from './matchers/matcher-context.js';
export type {
  AirlockMatchers,
  Expected,
  ExpectedArguments,
  ExpectedDrop,
} from './matchers/matcher-types.js';
export type { AsymmetricMatcher } from './kit/texts/print.js';
export type { TestingMode } from './kit/modes/testing-mode.js';
export { recordEffects } from './kit/record-effects.js';
export { recorderOf } from './kit/recorder-of.js';
export type { EffectRecord } from './kit/recording/effect-record.js';
export type { EffectRecorder } from './kit/recording/effect-recorder.js';
export type { Redaction } from './kit/snapshots/redaction.js';
export { type ArgumentsOf, type MethodNames, runEffect } from './kit/run-effect.js';
export { type LeakedScope, ScopeLeakError } from './kit/leaks/scope-leak.error.js';
export type { FakeOptions } from './kit/tested.application.js';
export {
  waitForEffect,
  type WaitForEffectOptions,
  waitForRun,
  type WaitForRunOptions,
  type WaitOptions,
} from './kit/waiting/wait-for-effect.js';
export { WaitTimeoutError } from './kit/waiting/wait-timeout.error.js';
export { describeExecutorContract } from './contracts/executor/describe-executor-contract.js';
export { describePolicyContract } from './contracts/policy/describe-policy-contract.js';
export type {
  PolicyContractCall,
  PolicyContractOptions,
} from './contracts/policy/policy-contract.js';
export { describeTransactionContract } from './contracts/transaction/describe-transaction-contract.js';
export type { TransactionContractDialect } from './contracts/transaction/dialect.js';
export type {
  ContractTransaction,
  TransactionContractClient,
  TransactionContractOptions,
} from './contracts/transaction/transaction-contract.js';
export type {
  ExecutorContractDelivery,
  ExecutorContractOptions,
  ExecutorContractProviders,
  ExecutorContractSystem,
} from './contracts/executor/executor-contract.js';
