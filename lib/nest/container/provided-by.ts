import 'reflect-metadata';

const PROVIDED_BY = 'nestjs-airlock:provided-by';

/**
 * Names the module that provides a class which nothing else can build, for the error if that is not
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
