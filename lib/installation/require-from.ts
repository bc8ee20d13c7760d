// Not by name: webpack takes a `createRequire` that is imported so for its own, and makes it `undefined`.
import nodeModule from 'node:module';

/** Returns the `require` of a file. @internal */
export function requireFrom(file: string): NodeJS.Require {
  return nodeModule.createRequire(file);
}
