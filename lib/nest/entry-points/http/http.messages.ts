import type { ServerResponse } from 'node:http';
import type { EffectScope } from '../../../core/effect-scope.js';

/** One request's scope, and how its handler does in it. @internal */
export interface HttpUnit {
  readonly scope: EffectScope;
  handler: 'none' | 'at work' | 'completed' | 'failed';
}

/** What Express and Fastify responses have in common: the status so far, and Node's own response on or under them. @internal */
export type HttpResponse = ServerResponse | { readonly statusCode: number; readonly raw: ServerResponse };

/** A platform's request: Node's own, or an object around it. @internal */
export interface RawRequest {
  readonly raw?: object;
}

/** Calls `fn` once, when the response has been handed to the network or its connection is gone. @internal */
export function onSent(response: HttpResponse, fn: () => void): void {
  const raw = nodeResponse(response);
  if (raw.writableFinished || raw.destroyed) return fn();
  let isDone = false;
  const once = (): void => {
    if (isDone) return;
    isDone = true;
    fn();
  };
  raw.once('finish', once);
  raw.once('close', once);
}

/** Whether the client was sent at least a status. @internal */
export function isSent(response: HttpResponse): boolean {
  return nodeResponse(response).headersSent;
}

function nodeResponse(response: HttpResponse): ServerResponse {
  return 'raw' in response ? response.raw : response;
}
