/**
 * True for a method that an object has or inherits; false for a getter, whose value may be another
 * one at each reading and for each instance.
 * @internal
 */
export function isMethod(object: object | null, key: string): boolean {
  let at = object;
  while (at !== null && !Object.hasOwn(at, key)) at = Object.getPrototypeOf(at) as object | null;
  return at !== null && 'value' in Object.getOwnPropertyDescriptor(at, key)!;
}
