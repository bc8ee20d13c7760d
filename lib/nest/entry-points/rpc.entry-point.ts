import { methodsWith, type InterceptedEntryPoint } from './entry-point.js';
import { MessageBoundary } from '../message.boundary.js';

/** A message or event of a microservice: `@MessagePattern`, `@EventPattern`, `@GrpcMethod`. @internal */
export const rpc: InterceptedEntryPoint = {
  name: 'rpc',
  // `app.connectMicroservice(…)` without `inheritAppConfig`.
  mayMissGlobal: true,
  find: (candidate) => (candidate.isController ? methodsWith('microservices:pattern', candidate) : []),
  boundary: (runtime, options, module) => new MessageBoundary(runtime, options, module),
};
