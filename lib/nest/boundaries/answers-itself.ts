// Keys of `@nestjs/common/constants`, which is no part of its public API.
const ROUTE_ARGUMENTS = '__routeArguments__';
const PASSTHROUGH = '__responsePassthrough__';
/** Keys under which Nest sends what a handler returns, whatever its parameters. */
const SENT_BY_NEST = ['__renderTemplate__', '__sse__', '__redirect__'];

/** `RouteParamtypes.RESPONSE` and `NEXT`, in front of the index of the parameter. */
const RESPONSE_OR_NEXT = /^[12]:/;

/**
 * True for a handler that has `@Res()` or `@Next()` among its parameters, without `passthrough`:
 * Nest sends nothing for it, and its work may go on in callbacks until it has sent the answer.
 *
 * @internal
 */
export function answersItself(type: object, handler: object, key: string): boolean {
  const parameters = Reflect.getMetadata(ROUTE_ARGUMENTS, type, key) as object | undefined;
  return (
    Object.keys(parameters ?? {}).some((name) => RESPONSE_OR_NEXT.test(name)) &&
    Reflect.getMetadata(PASSTHROUGH, type, key) !== true &&
    SENT_BY_NEST.every((name) => !Reflect.hasMetadata(name, handler))
  );
}
