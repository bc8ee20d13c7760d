export { AirlockKyselyModule, type AirlockKyselyOptions } from './airlock-kysely.module.js';
export { keepKyselyFrames } from './keep-kysely-frames.js';
export type { KyselyClient } from './kysely.client.js';
