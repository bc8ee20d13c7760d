/** True if two types are the same, `any` told apart. */
export type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Does not compile unless it is given `true`. */
export function expectTrue<T extends true>(): T | void {}
