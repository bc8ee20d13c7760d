export {
  type AirlockBullMqAsyncOptions,
  AirlockBullMqModule,
  type AirlockBullMqOptionsFactory,
} from './airlock-bullmq.module.js';
export { BullMqExecutor } from './bullmq.executor.js';
export type {
  AirlockBullMqOptions,
  BullMqJobOptions,
  BullMqWorkerOptions,
} from './bullmq.options.js';
export {
  type EngineProblem,
  EngineUnreachableError,
} from '../../errors/engine-unreachable.error.js';
export type { ArgumentSerializer, RemoteOptions } from '../../nest/remote/remote-options.js';
export { outcomeOfJob } from '../../nest/entry-points/outcome-of-job.js';
