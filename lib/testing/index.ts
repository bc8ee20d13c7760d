export type { TestedApplication } from './application-of.js';
export { AirlockTestingModule, type AirlockTestingOptions } from './airlock-testing.module.js';
export {
  type CaptureHooks,
  captureInEveryTest,
  effectsOfTest,
  type EveryTestOptions,
} from './capture-in-every-test.js';
export { type CapturedEffects, captureEffects, type CaptureOptions } from './capture-effects.js';
export {
  checkForLeaks,
  type LeakCheckOptions,
  type LeakWatch,
  type TestHooks,
  watchForLeaks,
} from './check-for-leaks.js';
export { drain, type DrainOptions } from './drain.js';
export type { EffectRef } from '../core/effect/effect-ref.js';
export { type EffectSerializer, effectSerializer, type EffectSerializerOptions } from './effect-serializer.js';
export { type AirlockMatcher, airlockMatchers } from './matchers/airlock-matchers.js';
export type { EffectSource } from './matchers/evidence.js';
export type { MatcherContext, MatcherResult } from './matchers/matcher-context.js';
export type { AirlockMatchers, Expected, ExpectedArguments, ExpectedDrop } from './matchers/matcher-types.js';
export type { AsymmetricMatcher } from './matchers/print.js';
export type { TestingMode } from './modes/testing-mode.js';
export { recordEffects } from './record-effects.js';
export { recorderOf } from './recorder-of.js';
export type { EffectRecord } from './recording/effect-record.js';
export type { EffectRecorder } from './recording/effect-recorder.js';
export type { Redaction } from './redaction.js';
export { type ArgumentsOf, type MethodNames, runEffect } from './run-effect.js';
export { type LeakedScope, ScopeLeakError } from './scope-leak.error.js';
export type { FakeOptions } from './tested.application.js';
export {
  waitForEffect,
  type WaitForEffectOptions,
  waitForRun,
  type WaitForRunOptions,
  type WaitOptions,
} from './wait-for-effect.js';
export { WaitTimeoutError } from './wait-timeout.error.js';
export type {
  BoundaryContractOptions,
  ContractApplication,
  ContractDeed,
  ContractHandler,
  ContractPayload,
  RunningContract,
} from './boundary-contract.js';
export { ContractWork } from './boundary-contract/contract-work.js';
export { describeBoundaryContract } from './describe-boundary-contract.js';
export { describeExecutorContract } from './describe-executor-contract.js';
export { describePolicyContract } from './describe-policy-contract.js';
export type { PolicyContractCall, PolicyContractOptions } from './policy-contract.js';
export { describeTransactionContract } from './describe-transaction-contract.js';
export type {
  ContractTransaction,
  TransactionContractClient,
  TransactionContractOptions,
} from './transaction-contract.js';
export type {
  ExecutorContractDelivery,
  ExecutorContractOptions,
  ExecutorContractProviders,
  ExecutorContractSystem,
} from './executor-contract.js';
