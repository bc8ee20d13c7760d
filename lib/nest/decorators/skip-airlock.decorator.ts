import 'reflect-metadata';

const SKIP = 'nestjs-airlock:skip';

/**
 * Opens no scope for this class or method. Effects called in it belong to the scope that is open
 * around the call, as one may be around an event listener, or to none.
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
