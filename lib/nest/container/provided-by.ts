import 'reflect-metadata';

const PROVIDED_BY = 'nestjs-airlock:provided-by';

/**
 * Says which module provides a class that nothing else can build, for the message where that is not
 * imported.
 * @internal
 */
export function ProvidedBy(module: string, from: string): ClassDecorator {
  return (type) => Reflect.defineMetadata(PROVIDED_BY, `\`${module}\` of \`${from}\``, type);
}

/** @internal */
export function moduleThatProvides(type: object): string | undefined {
  return Reflect.getOwnMetadata(PROVIDED_BY, type) as string | undefined;
}
