export { AirlockKnexModule, type AirlockKnexOptions } from './airlock-knex.module.js';
export { keepKnexFrames, type KnexFrameOptions } from './keep-knex-frames.js';
export type { KnexClient } from './knex.client.js';
