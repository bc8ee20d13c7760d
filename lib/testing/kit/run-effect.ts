import { randomUUID } from 'node:crypto';
import type { AirlockRuntime } from '../../core/runtime.js';
import { runJob } from '../../core/flush/run-intent.js';
import { methodName } from '../../core/effect/bound-effect.js';
import { runInScope } from '../../core/functions.js';
import type { Effect } from '../../core/model/enqueue-options.js';
import type { Executor } from '../../core/model/executor.js';
import { copyArguments } from '../../core/enqueue/serialization.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { sideEffectBodyOn, sideEffectOn } from '../../nest/decorators/side-effect.decorator.js';
import { ownerOf } from '../../nest/methods/owner.js';

/** Names of an object's methods. @publicApi */
export type MethodNames<T> = {
  [K in keyof T]-?: T[K] extends (...args: never[]) => unknown ? K : never;
}[keyof T];

/** Arguments of one method. @publicApi */
export type ArgumentsOf<T, K extends keyof T> = T[K] extends (...args: infer A) => unknown
  ? A
  : never;

/**
 * Runs an effect itself, as a worker does: the body of the `@SideEffect()` method, in a scope of its
 * own, with arguments that were serialised and read again. For a service of an application, the
 * scope belongs to that application, and the arguments are kept as its executor keeps them, with its
 * `serializer` if it has one; else they travel as JSON.
 *
 * A bare `mail.sendReceipt` has lost its object: `runEffect(mail.sendReceipt, 7)` works only for a
 * body without `this`, and for plain functions. Effects that the effect calls go out when it has
 * succeeded; inside `captureEffects` they are kept in.
 *
 * @throws EffectSerializationError for an argument that would not arrive, with its path;
 * AirlockOptionsError; what the body throws; DispatchError for what it enqueued
 * @publicApi
 * @example
 * ```ts
 * await runEffect(mail, 'sendReceipt', 7);
 * expect(smtp.sent).toHaveLength(1);
 * ```
 */
export function runEffect<T extends object, K extends MethodNames<T>>(
  service: T,
  method: K,
  ...args: ArgumentsOf<T, K>
): Promise<void>;
export function runEffect<A extends unknown[]>(
  effect: (...args: A) => unknown,
  ...args: A
): Promise<void>;
export async function runEffect(target: object, ...rest: unknown[]): Promise<void> {
  const [effect, args] =
    typeof target === 'function'
      ? [bare(target as Effect), rest]
      : [methodOn(target, rest[0]), rest.slice(1)];
  await runBody(effect, args as never[]);
}

/** Effect that can be run. */
interface Runnable {
  readonly name: string;
  readonly body: Effect;
  /** Object that it is a method of. */
  readonly self?: object | undefined;
  /** Application of that object. */
  readonly owner?: AirlockRuntime | undefined;
  /** Name of the executor that calls of it go to. */
  readonly executor?: string | undefined;
}

function methodOn(self: object, key: unknown): Runnable {
  if (typeof self !== 'object' || self === null)
    throw AirlockOptionsError.expected(
      'service',
      'an object with that method, or a function',
      self,
    );
  const method: unknown = Reflect.get(self, key as PropertyKey);
  const path = methodName(self, key as PropertyKey);
  if (typeof method !== 'function') throw AirlockOptionsError.expected(path, 'a method', method);
  const options = sideEffectOn(method);
  return {
    name: options?.name ?? path,
    body: sideEffectBodyOn(method) ?? (method as Effect),
    self,
    owner: ownerOf(self),
    executor: options?.executor,
  };
}

function bare(effect: Effect): Runnable {
  const { name } = effect;
  const body = sideEffectBodyOn(effect);
  return body === undefined ? { name, body: effect } : { name, body, self: lostObject(name) };
}

async function runBody(
  { name, body, self, owner, executor }: Runnable,
  args: never[],
): Promise<void> {
  const keptBy = executor === undefined ? owner?.defaultExecutor : owner?.executorNamed(executor);
  const values = travelled(name, body, args, keptBy);
  const facts = { id: randomUUID(), name };
  const work = async (): Promise<void> =>
    void (await runJob(facts, () => body.apply(self, values)));
  const options = { name: `effect ${name}` };
  await (owner === undefined ? runInScope(options, work) : owner.run(options, work));
}

/** Copies arguments as they arrive at a worker. */
function travelled(
  name: string,
  effect: Effect,
  args: never[],
  keptBy: Executor | undefined,
): never[] {
  if (keptBy?.keepArguments !== undefined)
    return keptBy.keepArguments({ name, effect, args }) as never[];
  return JSON.parse(JSON.stringify(copyArguments(name, args))) as never[];
}

/** Makes a `this` for a method without its object, which throws when it is used. */
function lostObject(name: string): object {
  const refuse = (): never => {
    throw new AirlockOptionsError(
      name,
      `\`${name}\` uses \`this\`, and a bare method has lost its object. Write \`runEffect(service, '${name}', ...args)\`.`,
    );
  };
  return new Proxy({}, { get: refuse, set: refuse, has: refuse });
}
