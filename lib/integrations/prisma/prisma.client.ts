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
 * Whether it is a class of Prisma's clients, or one derived from that: by what no other class has
 * together.
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
