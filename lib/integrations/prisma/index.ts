export { AirlockPrismaModule, type AirlockPrismaOptions } from './airlock-prisma.module.js';
export { trackPrismaTransactions, type PrismaFrameOptions } from './track-prisma-transactions.js';
export type { PrismaClientLike } from './prisma.client.js';
