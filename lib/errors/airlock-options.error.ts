import { AirlockError, type ErrorCause } from './airlock.error.js';
import { masked } from './masked.js';

/**
 * Airlock was configured or called with something that it cannot take.
 *
 * @publicApi
 */
export class AirlockOptionsError extends AirlockError {
  protected static override readonly brandName = 'AirlockOptionsError';

  /** @param key the option or parameter at fault, as `boundaries.http.openAt` */
  constructor(
    readonly key: string,
    message: string,
    options?: ErrorCause,
  ) {
    super('AIRLOCK_OPTIONS', message, options);
  }

  /** "Expected `key` to be …, got `value` (type)". @internal */
  static expected(key: string, what: string, value: unknown, hint = ''): AirlockOptionsError {
    return new AirlockOptionsError(
      key,
      `Expected \`${key}\` to be ${what}, got ${describe(value)}.${hint && ` ${hint}`}`,
    );
  }
}

/**
 * Prints a value for a message: primitives as they are but for URLs, anything else only by its
 * kind, since contents may be secret.
 */
function describe(value: unknown): string {
  if (value === null || value === undefined) return `\`${value}\``;
  if (typeof value === 'object')
    return `an object (${Array.isArray(value) ? 'array' : (value.constructor?.name ?? 'object')})`;
  if (typeof value === 'function') return `a function (${value.name || 'anonymous'})`;
  return `\`${masked(String(value as string | number | symbol))}\` (${typeof value})`;
}
