export {
  type AirlockMicroservicesAsyncOptions,
  AirlockMicroservicesModule,
  type AirlockMicroservicesOptionsFactory,
} from './airlock-microservices.module.js';
export { ClientProxyExecutor } from './client-proxy.executor.js';
export type {
  AirlockMicroservicesExtras,
  AirlockMicroservicesOptions,
  EffectConsumerOptions,
} from './microservices.options.js';
export {
  type EngineProblem,
  EngineUnreachableError,
} from '../../errors/engine-unreachable.error.js';
export type { EffectEnvelope } from '../../nest/remote/envelope.js';
export type { ArgumentSerializer, RemoteOptions } from '../../nest/remote/remote-options.js';
