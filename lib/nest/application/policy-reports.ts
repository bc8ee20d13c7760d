import { policyName, type PolicyRef } from '../../core/model/policy.js';
import { policiesOn, refsOf } from '../decorators/use-airlock-policy.decorator.js';
import type { PolicyReport } from '../services/airlock-report.js';

/** Policies as a report names them. @internal */
export function reportsOf(
  refs: PolicyRef | readonly PolicyRef[] | undefined,
  from: string,
): readonly PolicyReport[] {
  return refsOf(refs).map((ref) => ({
    name: typeof ref === 'function' ? ref.name : policyName(ref),
    from,
  }));
}

/**
 * The policies that decorators put on a method and on its class, innermost first.
 *
 * @param method undefined for an entry point that is a property, as sagas are
 * @internal
 */
export function decoratedWith(
  type: Function,
  method: object | undefined,
  key: string,
): readonly PolicyReport[] {
  return [
    ...reportsOf(method && policiesOn(method), `@UseAirlockPolicy on ${type.name}.${key}`),
    ...reportsOf(policiesOn(type), `@UseAirlockPolicy on ${type.name}`),
  ];
}
