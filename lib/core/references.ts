import { AirlockOptionsError } from '../errors/airlock-options.error.js';
import { InProcessExecutor } from './model/in-process.executor.js';
import type { Policy, PolicyRef } from './model/policy.js';
import type { Executor, ExecutorRef } from './model/executor.js';
import type { Intent } from './model/intent.js';

/** Name of the in-process executor in every application that gives it to no other. */
const IN_PROCESS = 'in-process';

type Class<T> = new (...args: never[]) => T;

/**
 * Turns a class into an instance of it.
 *
 * @param on the object, or its class, that names the class; undefined for options, and for code
 *   whose place is not known
 * @internal
 */
export type Instantiate = <T>(type: Class<T>, on: object | undefined) => T;

/**
 * Turns what options and decorators name into policies and executors; one executor per name.
 *
 * @throws AirlockOptionsError for what cannot be resolved, from every method
 * @internal
 */
export class References {
  private readonly named = new Map<string, Executor>();

  constructor(
    private readonly executors: Readonly<Record<string, ExecutorRef>> = {},
    private readonly instantiate: Instantiate = onePerClass(),
    /** Told of each policy that lists the effects it singles out. */
    private readonly inspect?: (policy: Policy) => void,
  ) {}

  get executorNames(): readonly string[] {
    return Object.keys(this.executors);
  }

  policiesOf(ref: PolicyRef | readonly PolicyRef[] | undefined, on?: object): readonly Policy[] {
    if (ref === undefined) return [];
    const refs = Array.isArray(ref) ? (ref as readonly PolicyRef[]) : [ref as PolicyRef];
    return refs.map((item) => this.policyOf(item, on));
  }

  executorNamed(name: string): Executor {
    let executor = this.named.get(name);
    if (executor === undefined)
      this.named.set(
        name,
        (executor = this.executorOf(this.refNamed(name), undefined, `executors.${name}`)),
      );
    return executor;
  }

  executorOf(ref: ExecutorRef, on?: object, key = 'executor'): Executor {
    if (isExecutorClass(ref)) return this.instantiate(ref, on);
    if (typeof ref === 'function') return { execute: ref as (intent: Intent) => unknown };
    if (typeof (ref as Partial<Executor> | null)?.execute === 'function') return ref;
    throw AirlockOptionsError.expected(
      key,
      'an executor, an executor class, or a function that takes an intent',
      ref,
    );
  }

  private refNamed(name: string): ExecutorRef {
    if (Object.hasOwn(this.executors, name)) return this.executors[name]!;
    if (name === IN_PROCESS) return InProcessExecutor;
    const known = [...this.executorNames, IN_PROCESS].join(', ');
    throw new AirlockOptionsError(
      'executor',
      `No executor is named "${name}". Known executors: ${known}. Add it to \`executors\`, or fix the name.`,
    );
  }

  private policyOf(ref: PolicyRef, on: object | undefined): Policy {
    const policy = typeof ref === 'function' ? this.instantiate<Policy>(ref, on) : ref;
    if (typeof policy !== 'object' || policy === null)
      throw AirlockOptionsError.expected('policy', 'a policy or a policy class', policy);
    if (this.inspect !== undefined && policy.namedEffects !== undefined) this.inspect(policy);
    return policy;
  }
}

/** Builds classes that take no arguments, each once. @internal */
export function onePerClass(): Instantiate {
  const instances = new Map<unknown, unknown>();
  return <T>(type: Class<T>): T => {
    if (!instances.has(type)) instances.set(type, construct(type));
    return instances.get(type) as T;
  };
}

/** Builds a class that takes no arguments. @throws AirlockOptionsError if it takes some */
function construct<T>(type: Class<T>): T {
  if (type.length === 0) return new type();
  throw new AirlockOptionsError(
    type.name,
    `Class \`${type.name}\` cannot be built: its constructor takes arguments and no provider of that class is known. ` +
      'Import the module that provides it, add it to the `providers` of one, or pass an instance.',
  );
}

/** @internal */
export function isExecutorClass(ref: unknown): ref is Class<Executor> {
  return (
    typeof ref === 'function' &&
    typeof (ref.prototype as Partial<Executor> | undefined)?.execute === 'function'
  );
}
