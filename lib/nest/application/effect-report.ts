import { timeLimitOf } from '../../core/flush/time-limit.js';
import type { AirlockRuntime } from '../../core/runtime.js';
import type { SideEffectOptions } from '../decorators/side-effect.decorator.js';
import { policiesOn } from '../decorators/use-airlock-policy.decorator.js';
import type { EffectReport } from '../services/airlock-report.js';
import { descriptionOf } from '../services/self-description.js';
import { reportsOf } from './policy-reports.js';

/**
 * Reports what is in force for an effect.
 *
 * @param name `Class.method`
 * @param method carries the decorators
 * @internal
 */
export function reportOfEffect(
  runtime: AirlockRuntime,
  name: string,
  effect: SideEffectOptions,
  method: object,
): EffectReport {
  const executor =
    effect.executor === undefined
      ? runtime.defaultExecutor
      : runtime.executorNamed(effect.executor);
  return {
    name: effect.name ?? name,
    executor: effect.executor ?? 'default',
    on: effect.on ?? 'success',
    policies: [
      ...reportsOf(policiesOn(method), `@UseAirlockPolicy on ${name}`),
      ...reportsOf(effect.policy, `@SideEffect on ${name}`),
    ],
    serializer:
      descriptionOf(executor).serializer ?? (executor.remote === true ? 'JSON' : 'copies'),
    timeoutMs: timeLimitOf(executor, effect.timeoutMs, runtime.effectTimeoutMs),
  };
}
