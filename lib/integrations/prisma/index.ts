export { AirlockPrismaModule, type AirlockPrismaOptions } from './airlock-prisma.module.js';
export { keepPrismaFrames, type PrismaFrameOptions } from './keep-prisma-frames.js';
export type { PrismaClientLike } from './prisma.client.js';
