import { methodsWith, type InterceptedEntryPoint } from '../../boundaries/entry-point.js';
import { RpcBoundary } from './rpc.boundary.js';

/**
 * A message or event of a microservice: `@MessagePattern`, `@EventPattern`, `@GrpcMethod` and its
 * streams.
 * @internal
 */
export const rpc: InterceptedEntryPoint = {
  name: 'rpc',
  // `app.connectMicroservice(…)` without `inheritAppConfig`.
  mayMissGlobal: true,
  find: (candidate) =>
    candidate.isController ? methodsWith('microservices:pattern', candidate) : [],
  boundary: (runtime, options, module) => new RpcBoundary(runtime, options, module),
};
