import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { PolicyRef } from '../../core/model/policy.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { AirlockApplication } from '../../nest/application/airlock.application.js';
import type { AirlockModuleOptions } from '../../nest/options/airlock-options.js';
import { validateOptions } from '../../nest/options/validate-options.js';
import { assertEffectRef, type EffectRef, isCallOf } from '../../core/effect/effect-ref.js';
import { type ModeParts, modeNamed, type TestingMode } from './modes/testing-mode.js';
import { EffectRecorder } from './recording/effect-recorder.js';

/** Options of how `AirlockTestingModule` treats effects. @publicApi */
export interface FakeOptions {
  readonly mode: TestingMode;
  /** Effects that `mode` applies to; all others go out as in production. @default all */
  readonly fakeOnly?: readonly EffectRef[];
}

/**
 * Application that treats effects as a test wants it, and records what becomes of them.
 *
 * @internal
 */
export class TestedAirlockApplication extends AirlockApplication implements OnApplicationShutdown {
  readonly recorder: EffectRecorder;
  private stopRecording: (() => void) | undefined;

  constructor(
    { mode: name, fakeOnly }: FakeOptions,
    options: AirlockModuleOptions,
    modules: ModulesContainer,
  ) {
    validateOptions(options);
    if (fakeOnly !== undefined && !Array.isArray(fakeOnly))
      throw AirlockOptionsError.expected('fakeOnly', 'an array of effects', fakeOnly);
    fakeOnly?.forEach((ref) => assertEffectRef(ref));
    const mode = modeNamed(name);
    const recorder = new EffectRecorder();
    const parts: ModeParts = {
      isFaked: (intent) => fakeOnly === undefined || fakeOnly.some((ref) => isCallOf(intent, ref)),
      held: recorder.held,
      onRefused: (intent) => recorder.refuse(intent),
    };
    const policy = [...listOf(options.policy), ...(mode.policies?.(parts) ?? [])];
    super({ ...options, policy }, modules, new Logger('Airlock'));
    this.recorder = recorder;
    this.runtime.executorOverride = mode.executorOverride?.(parts, this.runtime);
    // Begins with the first scope: nobody closes an application whose boot has failed.
    this.runtime.scopes.beforeScope = () => {
      this.runtime.scopes.beforeScope = undefined;
      this.stopRecording = recorder.recordFrom(this.runtime);
    };
  }

  /** Stops late: effects that go out while the application closes are recorded too. */
  onApplicationShutdown(): void {
    this.runtime.scopes.beforeScope = undefined;
    this.stopRecording?.();
  }
}

function listOf(policy: PolicyRef | readonly PolicyRef[] | undefined): readonly PolicyRef[] {
  if (policy === undefined) return [];
  return Array.isArray(policy) ? (policy as readonly PolicyRef[]) : [policy as PolicyRef];
}
