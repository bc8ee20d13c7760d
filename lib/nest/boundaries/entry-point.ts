import type { Outcome } from '../../core/model/scope-view.js';
import type { AirlockRuntime } from '../../core/runtime.js';
import type { Method } from '../methods/wrap-method.js';
import type { Boundary } from './boundary.js';
import type { AirlockModuleOptions } from '../options/airlock-options.js';
import type { BoundaryOptions } from '../options/boundary-options.js';
import type { HandlerScope } from '../calls/call-in-scope.js';
import type { Candidate, Class } from '../container/candidate.js';

/**
 * One kind of entry point. It is told by the metadata that the peer's decorators write, so that the
 * peer itself is never imported.
 *
 * @internal
 */
export interface EntryPoint {
  /** A `BoundaryName`, or that of an application's own kind. */
  readonly name: string;
  /** The names of the methods that are entry points of this kind; for most classes none. */
  find(candidate: Candidate): readonly string[];
  /** Further methods that are entry points if the application says so. */
  readonly optional?: OptionalMethods;
}

/** Methods that are entry points only where a provider says so, such as the peer's options. */
interface OptionalMethods {
  find(candidate: Candidate): readonly string[];
  areOn(token: unknown, provider: unknown): boolean;
}

/** A kind for which Nest runs interceptors. Its name is the execution context's type. @internal */
export interface InterceptedEntryPoint extends EntryPoint {
  /**
   * True if Nest does not always run the global interceptors, so that the class gets one as well.
   */
  readonly mayMissGlobal?: boolean;
  boundary(
    runtime: AirlockRuntime,
    options: BoundaryOptions,
    module: AirlockModuleOptions,
  ): Boundary;
}

/** A kind for which Nest runs none: the methods are wrapped on the instances. @internal */
export interface WrappedEntryPoint extends EntryPoint {
  /** True if the peer ignores what a method returns, except that it waits for a Promise. */
  readonly ignores?: (key: string) => boolean;
  /** Tells the outcome of a method that has thrown, to steer the peer perhaps. @default 'failed' */
  readonly outcomeOf?: (error: unknown) => Outcome;
  /** Makes the function that takes the place of a method. @default a scope around each call */
  wrap?(original: Method, scope: HandlerScope, key: string, type: Class): Method | undefined;
  /**
   * Lists the methods by which a class of the peer's own is given something for entry points of
   * this kind, which it may call later.
   */
  senders?(candidate: Candidate): readonly string[];
  /** Further methods to replace, by name, on an instance that has an entry point. */
  readonly alongside?: Readonly<Record<string, (original: Method) => Method>>;
  /**
   * Called with an instance when all modules are initialised, and peers have set up what they make
   * of it.
   */
  ready?(instance: object): void;
  /**
   * Stops an instance from taking new work, before scopes are refused. Resolves when the work that
   * it has is done; a shutdown waits `shutdownTimeoutMs` for it at most.
   */
  stop?(instance: object): Promise<void>;
}

/** The methods that a decorator has marked. @internal */
export function methodsWith(key: string | symbol, { marked }: Candidate): readonly string[] {
  const names: string[] = [];
  for (const [name, keys] of marked) if (keys.has(key)) names.push(name);
  return names;
}

/**
 * The name of a handler that the peer calls by a name of its own, such as `execute`: a method, or a
 * property that each instance gets, such as an arrow function. No getter, which reading would run.
 * @internal
 */
export function handlerNamed(name: string, { type, methods }: Candidate): readonly string[] {
  return methods.includes(name) || !(name in (type.prototype as object)) ? [name] : [];
}

/**
 * Lists those of `names` that a class has, if a member tells that it is the peer's own.
 * @internal
 */
export function methodsOf(
  { type, methods }: Candidate,
  member: string,
  names: readonly string[],
): readonly string[] {
  return member in (type.prototype as object) ? names.filter((name) => methods.includes(name)) : [];
}

/**
 * True if a decorator has marked the class, or one it inherits from, under one of the keys.
 * @internal
 */
export function isMarked({ marks }: Candidate, ...keys: readonly string[]): boolean {
  return keys.some((key) => marks.has(key));
}
