import type { PolicyRef } from '../../core/model/policy.js';
import type { ExecutorRef } from '../../core/model/executor.js';
import { isExecutorClass } from '../../core/references.js';
import type { ClassResolver } from '../container/class-resolver.js';
import { airlockOn } from '../decorators/airlock.decorator.js';
import { sideEffectOn } from '../decorators/side-effect.decorator.js';
import { policiesOn } from '../decorators/use-airlock-policy.decorator.js';
import type { Member } from '../container/providers.js';
import type { AirlockModuleOptions } from '../options/airlock-options.js';
import { unresolved } from '../container/place-in-error.js';

type Policies = PolicyRef | readonly PolicyRef[] | undefined;

/** The policies and the executor that stand in one place. @internal */
export interface Named {
  /** For messages: an option, a class or a method. */
  readonly where: string;
  /** The class or method that they stand on; undefined for options. */
  readonly on: object | undefined;
  readonly policies: readonly PolicyRef[];
  readonly executor: ExecutorRef | undefined;
}

/** Lists the classes that the options name. @internal */
export function* namedByOptions({
  policy,
  executor,
  executors,
  boundaries,
}: AirlockModuleOptions): Generator<Named> {
  yield named('`policy` of AirlockModule', undefined, policy);
  yield named('`executor` of AirlockModule', undefined, undefined, executor);
  for (const [name, ref] of Object.entries(executors ?? {}))
    yield named(`\`executors.${name}\` of AirlockModule`, undefined, undefined, ref);
  for (const [name, options] of Object.entries(boundaries ?? {})) {
    if (typeof options === 'object')
      yield named(`\`boundaries.${name}.policy\` of AirlockModule`, undefined, options.policy);
  }
}

/** Lists the classes that decorators on providers and controllers name. @internal */
export function* namedOn(members: Iterable<Member>): Generator<Named> {
  for (const member of members) yield* namedOnOne(member);
}

function* namedOnOne({ type, instance, marked }: Member): Generator<Named> {
  const on = instance ?? type;
  yield named(type.name, on, policiesOn(type));
  for (const key of marked.keys()) {
    const method = (type.prototype as Record<string, object>)[key]!;
    const scope = airlockOn(method);
    const policies = [
      ...policiesOn(method),
      ...listOf(sideEffectOn(method)?.policy),
      ...listOf(scope?.policy),
    ];
    const executor = typeof scope?.executor === 'string' ? undefined : scope?.executor;
    yield named(`${type.name}.${key}`, on, policies, executor);
  }
}

function named(
  where: string,
  on: object | undefined,
  policies: Policies,
  executor?: ExecutorRef,
): Named {
  return { where, on, policies: listOf(policies), executor };
}

function listOf(policies: Policies): readonly PolicyRef[] {
  if (policies === undefined) return [];
  return Array.isArray(policies) ? (policies as readonly PolicyRef[]) : [policies as PolicyRef];
}

/**
 * Has Nest build those of the classes that no module provides.
 *
 * @throws AirlockOptionsError naming where a class stands that cannot be built
 * @internal
 */
export async function prepareClasses(
  classes: ClassResolver,
  places: readonly Named[],
): Promise<void> {
  for (const { where, on, policies, executor } of places) {
    const types = policies.filter((ref) => typeof ref === 'function');
    if (isExecutorClass(executor)) types.push(executor as never);
    for (const type of types) {
      try {
        await classes.prepare(type, on);
      } catch (error) {
        throw unresolved(where, error as Error);
      }
    }
  }
}
