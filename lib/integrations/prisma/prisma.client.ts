/**
 * The parts of a Prisma client that are called; generated ones fit, with extensions or without.
 * @publicApi
 */
export interface PrismaClientLike {
  $transaction: (...args: never[]) => PromiseLike<unknown>;
}

/** The client that Prisma hands to the callback of a transaction. @internal */
export interface PrismaTransaction {
  $queryRawUnsafe(query: string, ...values: unknown[]): PromiseLike<unknown>;
}

/** Methods that no other object has all of. */
const METHODS = ['$transaction', '$connect', '$queryRaw', '$executeRaw'];

/** True for a class of Prisma clients, or one derived from it. @internal */
export function isPrismaClass(value: unknown): boolean {
  const prototype: unknown = typeof value === 'function' ? value.prototype : undefined;
  return typeof prototype === 'object' && prototype !== null && hasMethods(prototype);
}

/**
 * True for a proxy that is a Prisma client; false for one that refuses to be looked at, and for one
 * that has whatever it is asked for, such as a mock.
 * @internal
 */
export function isPrismaProxy(proxy: object): proxy is PrismaClientLike {
  try {
    return hasMethods(proxy) && !('nestjs-airlock' in proxy);
  } catch {
    return false;
  }
}

function hasMethods(object: object): boolean {
  return METHODS.every((key) => key in object);
}

/** The client that another one was made of by `$extends`, or its own. @internal */
export function originalOf<C extends object>(client: C): C {
  return (client as { readonly _originalClient?: C })._originalClient ?? client;
}
