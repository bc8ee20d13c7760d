import type { JobsOptions, Queue } from 'bullmq';
import { methodOf } from '../../core/effect/bound-effect.js';
import type { EffectCall } from '../../core/model/executor.js';
import type { Intent } from '../../core/model/intent.js';
import { EffectSerializationError } from '../../errors/effect-serialization.error.js';

/** The arguments of BullMQ's `Queue.add`. @internal */
export type AddArguments = readonly [
  name: string,
  data?: unknown,
  opts?: JobsOptions & { readonly repeat?: unknown },
];

/**
 * Returns the queue whose `add` an effect is; undefined for any other effect. Tells queues by
 * their shape, since an application may have several copies of BullMQ.
 *
 * @internal
 */
export function queueAddedTo(effect: (...args: never[]) => unknown): Queue | undefined {
  const method = methodOf(effect);
  if (method?.key !== 'add') return undefined;
  const queue = method.target as Partial<Queue>;
  return typeof queue.addBulk === 'function' && typeof queue.qualifiedName === 'string'
    ? (queue as Queue)
    : undefined;
}

/**
 * Returns the arguments to call `add` with. Options of the call override `dispatchOptions`.
 * @internal
 */
export function argumentsOfAdd({ args, dispatchOptions }: Intent): AddArguments {
  const [name, data, opts] = args as AddArguments;
  return [name, data, { ...dispatchOptions, ...opts }];
}

/**
 * Copies the arguments as BullMQ would write them down, by `JSON.stringify`.
 *
 * @throws EffectSerializationError for data that JSON cannot carry
 * @internal
 */
export function copyOfAdd({ name: effect, args }: EffectCall): unknown[] {
  const [name, data, opts] = args;
  const copies = [
    name,
    copied(effect, 'args[1]', data, throughJson),
    copied(effect, 'args[2]', opts, structuredClone),
  ];
  return copies.slice(0, args.length);
}

function throughJson(data: unknown): unknown {
  const json = JSON.stringify(data) as string | undefined;
  return json === undefined ? undefined : JSON.parse(json);
}

function copied(
  effect: string,
  path: string,
  value: unknown,
  copy: (value: unknown) => unknown,
): unknown {
  try {
    return copy(value);
  } catch (error) {
    throw new EffectSerializationError(
      effect,
      path,
      `nothing BullMQ can write down (${(error as Error).message})`,
      '.',
    );
  }
}
