/** What is called of a Prisma client; generated ones fit, with extensions or without. @publicApi */
export interface PrismaClientLike {
  $transaction: (...args: never[]) => PromiseLike<unknown>;
}

/** The client that Prisma hands to the callback of a transaction. @internal */
export interface PrismaTransaction {
  $queryRawUnsafe(query: string, ...values: unknown[]): PromiseLike<unknown>;
}
