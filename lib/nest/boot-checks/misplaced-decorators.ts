import type { LoggerService } from '@nestjs/common';
import { methodName } from '../../core/effect/bound-effect.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { airlockOn } from '../decorators/airlock.decorator.js';
import { sideEffectOn } from '../decorators/side-effect.decorator.js';
import { isSkipped } from '../decorators/skip-airlock.decorator.js';
import { policiesOn } from '../decorators/use-airlock-policy.decorator.js';
import type { Class } from '../container/candidate.js';
import type { Member } from '../container/providers.js';

/** Handlers of an application, as far as they are known. @internal */
export interface KnownHandlers {
  /**
   * The names of a member's methods that are entry points, even if their boundary is switched off.
   */
  entryPointsOf(member: Member): ReadonlySet<string>;
  /** The handlers among them that answer HTTP requests. */
  routesOf(member: Member): ReadonlySet<string>;
  /**
   * True if a method is a handler of any class: a method of a base class may be one only in those
   * subclasses that mark it.
   */
  isHandler(method: object): boolean;
}

/**
 * Refuses `@UseAirlockPolicy()`, `@SkipAirlock()` and the `dispatch` of `@Airlock()` where they do
 * nothing, since their author relies on them (rule 11). Only warns if a decorator of another
 * library may have made a handler of an unknown kind.
 *
 * @throws AirlockOptionsError naming the class or the method
 * @internal
 */
export function refuseMisplaced(
  member: Member,
  handlers: KnownHandlers,
  logger: LoggerService,
): void {
  const { type, methods, marked, marks } = member;
  const entryPoints = handlers.entryPointsOf(member);
  const routes = handlers.routesOf(member);
  const prototype = type.prototype as Record<string, object>;
  const opens = new Set([
    ...entryPoints,
    ...[...marked.keys()].filter((key) => airlockOn(prototype[key]!) !== undefined),
  ]);
  // If the handlers of a class are known, its mark is that of their library.
  const isUnknown = entryPoints.size === 0 && isClassOfOthers(marks);
  const mayBeOthers = (key: string): boolean => isUnknown || isMarkedByOthers(type, key);
  const complain = (error: AirlockOptionsError, isKnown: boolean): void => {
    if (isKnown) throw error;
    logger.warn(
      `${error.message} Unless another library makes a handler of it, which Airlock cannot see.`,
    );
  };
  for (const key of marked.keys()) {
    const method = prototype[key]!;
    const name = methodName(Object.create(prototype) as object, key);
    if (handlers.isHandler(method) && !entryPoints.has(key)) continue;
    if (airlockOn(method)?.dispatch !== undefined && !routes.has(key))
      throw misplacedDispatch(name);
    if (policiesOn(method).length > 0 && !opens.has(key) && sideEffectOn(method) === undefined)
      complain(misplacedPolicy(name), !mayBeOthers(key));
    if (isSkipped(method) && !entryPoints.has(key))
      complain(misplacedSkip(name), !mayBeOthers(key));
  }
  // Without handlers there is nothing that a policy could let through.
  if (mayHaveNoHandlers(marks)) return;
  // Inherited decorators do not count: a base class may be decorated for subclasses with handlers.
  const isDecorated = (holder: Class, has: (holder: object) => boolean): boolean =>
    has(holder) && !has(Object.getPrototypeOf(holder) as object);
  const isOurs = (): boolean => !isUnknown && !methods.some(mayBeOthers);
  if (isDecorated(type, (holder) => policiesOn(holder).length > 0) && opens.size === 0)
    complain(misplacedPolicy(type.name), isOurs());
  if (isDecorated(type, (holder) => isSkipped(holder)) && entryPoints.size === 0)
    complain(misplacedSkip(type.name), isOurs());
}

function misplacedPolicy(name: string): AirlockOptionsError {
  return new AirlockOptionsError(
    '@UseAirlockPolicy',
    `\`@UseAirlockPolicy()\` on \`${name}\` has no effect: no scope begins there. Put it on an entry point, a method with \`@Airlock()\` or the ` +
      'class of one, or on a method with `@SideEffect()`; or use `effects.withPolicy(policy, () => …)` inside.',
  );
}

function misplacedSkip(name: string): AirlockOptionsError {
  return new AirlockOptionsError(
    '@SkipAirlock',
    `\`@SkipAirlock()\` on \`${name}\` has no effect: no boundary is there. Put it on an entry point or the class of one, or take it away.`,
  );
}

function misplacedDispatch(name: string): AirlockOptionsError {
  return new AirlockOptionsError(
    '@Airlock',
    `\`dispatch\` of \`@Airlock()\` on \`${name}\` has no effect: only the handler of an HTTP route has a response that effects could wait for. ` +
      'Take it away, or set `dispatch` on the effect itself.',
  );
}

/**
 * True for controllers, gateways and resolvers, which may be there for their hooks or fields alone.
 */
function mayHaveNoHandlers(marks: ReadonlySet<unknown>): boolean {
  return [...marks].some(
    (key) =>
      key === '__controller__' ||
      key === 'websockets:is_gateway' ||
      String(key).startsWith('graphql:'),
  );
}

/** Metadata keys of this package and of the compiler. */
const OF_MEMBERS = /^(nestjs-airlock|design):/;
/** Metadata keys of classes that Nest itself treats specially. */
const OF_CLASSES =
  /^((nestjs-airlock|design|self|optional|scope|websockets|graphql):.*|path|host|port|__(version|injectable|controller|entryProvider|catch|filterCatchExceptions|guards|interceptors|pipes|exceptionFilters)__)$/;

/** True if another library has marked the class: it may find handlers by the names of methods. */
function isClassOfOthers(marks: ReadonlySet<unknown>): boolean {
  return [...marks].some((key) => !isKnown(key, OF_CLASSES));
}

/**
 * True if another library has marked the method: on its function, or by its name on the prototype
 * or, for its parameters, on the class.
 */
function isMarkedByOthers(type: Class, key: string): boolean {
  const prototype = type.prototype as Record<string, object>;
  const marks = [
    ...Reflect.getMetadataKeys(prototype[key]!),
    ...Reflect.getMetadataKeys(prototype, key),
    ...Reflect.getMetadataKeys(type, key),
  ];
  return marks.some((mark) => !isKnown(mark, OF_MEMBERS));
}

function isKnown(key: unknown, pattern: RegExp): boolean {
  return typeof key === 'string' && pattern.test(key);
}
