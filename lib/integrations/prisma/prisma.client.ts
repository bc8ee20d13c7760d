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

/**
 * True for a class of Prisma clients, or one derived from it, by a set of properties that no other
 * class has.
 * @internal
 */
export function isPrismaClass(value: unknown): boolean {
  const prototype: unknown = typeof value === 'function' ? value.prototype : undefined;
  return (
    typeof prototype === 'object' &&
    prototype !== null &&
    ['$transaction', '$connect', '$queryRaw', '$executeRaw'].every((key) => key in prototype)
  );
}
