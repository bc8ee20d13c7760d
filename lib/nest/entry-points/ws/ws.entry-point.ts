import { isMarked, methodsWith, type InterceptedEntryPoint } from '../../boundaries/entry-point.js';
import { connectionHooksOf } from './connection-hooks.js';
import { WsBoundary } from './ws.boundary.js';

/**
 * A WebSocket message: `@SubscribeMessage` in a gateway, on any adapter; and a client that comes or
 * leaves.
 *
 * @internal
 */
export const ws: InterceptedEntryPoint = {
  name: 'ws',
  // Nest 11 runs only those of the gateway.
  mayMissGlobal: true,
  find: (candidate) =>
    isMarked(candidate, 'websockets:is_gateway')
      ? [...methodsWith('websockets:message_mapping', candidate), ...connectionHooksOf(candidate)]
      : [],
  boundary: (runtime, options, module) => new WsBoundary(runtime, options, module),
};
