import 'reflect-metadata';

const PROVIDED_BY = 'nestjs-airlock:provided-by';

/**
 * Names the only module that provides a class, for the error if the module is not imported.
 * @internal
 */
export function ProvidedBy(module: string, from: string): ClassDecorator {
  return (type) => Reflect.defineMetadata(PROVIDED_BY, `\`${module}\` of \`${from}\``, type);
}

/** @internal */
export function moduleThatProvides(type: object): string | undefined {
  return Reflect.getOwnMetadata(PROVIDED_BY, type) as string | undefined;
}
