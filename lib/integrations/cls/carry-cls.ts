import { type ClsService, ClsServiceManager } from 'nestjs-cls';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { requirePeer } from '../../installation/required-peer.js';
import type { ContextCarrier } from '../../core/model/context-carrier.js';

/**
 * Carries named values of `nestjs-cls` from the call of an effect to its run: after the response,
 * and in workers of other processes, which have the same option. Effects read them from
 * `ClsService` as ever.
 *
 * @example
 * ```ts
 * AirlockModule.forRoot({ context: [carryCls('tenant', 'locale')] });
 * ```
 *
 * @param keys of values that JSON can carry; a key without a value carries nothing
 * @throws AirlockOptionsError without keys, or for one that is not a non-empty string
 * @publicApi
 */
export function carryCls(
  ...keys: readonly string[]
): ContextCarrier<Readonly<Record<string, unknown>>> {
  if (keys.length === 0 || keys.some((key) => typeof key !== 'string' || key === ''))
    throw AirlockOptionsError.expected(
      'keys',
      'the keys of values in nestjs-cls, each a non-empty string',
      keys,
    );
  requirePeer('nestjs-cls', '>=4.0.0', 'nestjs-airlock/cls');
  const cls: ClsService = ClsServiceManager.getClsService();
  return {
    name: 'cls',
    capture: () => {
      if (!cls.isActive()) return undefined;
      const values = keys.map((key) => [key, cls.get<unknown>(key)] as const);
      const present = values.filter(([, value]) => value !== undefined);
      return present.length === 0 ? undefined : Object.fromEntries(present);
    },
    restore: (values, run) =>
      cls.run({ ifNested: 'inherit' }, () => {
        // Other keys of the message are ignored.
        for (const key of keys) if (Object.hasOwn(values, key)) cls.set(key, values[key]);
        return run();
      }),
  };
}
