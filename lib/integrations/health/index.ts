export { AirlockHealthIndicator } from './airlock-health.indicator.js';
export {
  type AirlockHealthAsyncOptions,
  AirlockHealthModule,
  type AirlockHealthOptionsFactory,
} from './airlock-health.module.js';
export type { AirlockHealthOptions } from './health.options.js';
