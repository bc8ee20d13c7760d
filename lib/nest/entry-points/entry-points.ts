import { bullmq } from './bullmq.entry-point.js';
import { commander } from './commander/commander.entry-point.js';
import { cqrs } from './cqrs.entry-point.js';
import type { InterceptedEntryPoint, WrappedEntryPoint } from '../boundaries/entry-point.js';
import { eventEmitter } from './event-emitter.entry-point.js';
import { graphql } from './graphql/graphql.entry-point.js';
import { http } from './http/http.entry-point.js';
import { rpc } from './rpc/rpc.entry-point.js';
import { schedule } from './schedule.entry-point.js';
import { ws } from './ws/ws.entry-point.js';

/** Entry points where Nest runs interceptors. @internal */
export const interceptedEntryPoints: readonly InterceptedEntryPoint[] = [http, rpc, ws, graphql];

/** Entry points where Nest runs no interceptors, whose methods are wrapped instead. @internal */
export const wrappedEntryPoints: readonly WrappedEntryPoint[] = [
  bullmq,
  schedule,
  eventEmitter,
  cqrs,
  commander,
];
