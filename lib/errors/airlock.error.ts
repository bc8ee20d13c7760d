const LINEAGE = Symbol.for('nestjs-airlock.error');

/**
 * Writes the class names an error answers to, so that `instanceof` also works across two installed
 * copies.
 * @internal
 */
export function brand(error: Error, ...names: readonly string[]): void {
  Object.defineProperty(error, LINEAGE, { value: names });
}

/** True if `value` carries the brand `name`. @internal */
export function isBranded(value: unknown, name: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return ((value as { [LINEAGE]?: readonly string[] })[LINEAGE] ?? []).includes(name);
  } catch {
    // A thrown value may be a proxy that refuses to be read.
    return false;
  }
}

/** Options of an error that has a cause; ES2021 has no type for them. @publicApi */
export interface ErrorCause {
  readonly cause?: unknown;
}

/**
 * Base of every error this package raises.
 *
 * `code` is stable (`AIRLOCK_NO_SCOPE`, …) and meant to be switched on; the message is for people
 * and may change.
 *
 * @publicApi
 */
export class AirlockError extends Error {
  protected static readonly brandName: string = 'AirlockError';

  constructor(
    readonly code: string,
    message: string,
    options?: ErrorCause,
  ) {
    super(message, options);
    // Not the name of the class, which a minifier may shorten.
    this.name = Object.hasOwn(new.target, 'brandName') ? new.target.brandName : new.target.name;
    brand(this, ...lineageOf(new.target));
  }

  /**
   * True for errors of this class from any installed copy; a subclass of your own is matched by its
   * prototype.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return Object.hasOwn(this, 'brandName')
      ? isBranded(value, this.brandName)
      : isByPrototype(this, value);
  }
}

/** @internal */
export function isByPrototype(type: object, value: unknown): boolean {
  try {
    return Function.prototype[Symbol.hasInstance].call(type, value);
  } catch {
    return false;
  }
}

function lineageOf(type: object): readonly string[] {
  const names: string[] = [];
  for (let current = type; current !== Error; current = Object.getPrototypeOf(current) as object) {
    if (Object.hasOwn(current, 'brandName'))
      names.push((current as { brandName: string }).brandName);
  }
  return names;
}
