import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import type { Member } from './providers.js';

/**
 * The instance of a provider: the singleton, or a new one if instances are made per request.
 * @internal
 */
export function instanceOf({ instance, wrapper, type, isController }: Member): unknown {
  if (instance !== undefined) return instance;
  const moduleRef = wrapper.host?.getProviderByKey<ModuleRef>(ModuleRef)?.instance;
  if (moduleRef === undefined || isController) {
    throw new AirlockOptionsError(
      type.name,
      `\`${type.name}\` is a request-scoped controller, so no worker can run its effects. Move them to a provider.`,
    );
  }
  return moduleRef.resolve(wrapper.token, ContextIdFactory.create(), { strict: true });
}
