import 'reflect-metadata';

const SKIP = 'nestjs-airlock:skip';

/**
 * No boundary here: this class or method opens no scope. Effects called in it are outside one, or,
 * where it is called inside a scope as event listeners may be, in that one.
 *
 * @example
 * ```ts
 * @Controller('health')
 * @SkipAirlock()
 * export class HealthController {}
 * ```
 *
 * @publicApi
 */
export function SkipAirlock(): ClassDecorator & MethodDecorator {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    Reflect.defineMetadata(SKIP, true, (descriptor?.value as object | undefined) ?? target);
  };
}

/** @internal */
export function isSkipped(...holders: readonly object[]): boolean {
  return holders.some((holder) => Reflect.getMetadata(SKIP, holder) === true);
}
