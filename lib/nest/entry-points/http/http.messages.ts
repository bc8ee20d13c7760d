import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Common part of Express and Fastify responses: the status so far, and Node's own response on or
 * under them.
 * @internal
 */
export type HttpResponse =
  | ServerResponse
  | { readonly statusCode: number; readonly raw: ServerResponse };

/** A platform's request: Node's own, or an object around it. @internal */
export interface HttpRequest {
  readonly method?: string;
}

/** @internal */
export interface Emitter {
  emit(event: string | symbol, ...args: unknown[]): boolean;
  /** Missing on the objects that serverless platforms use as connections. */
  listenerCount?(event: string | symbol): number;
}

/** Emitter of the end of a connection: a socket, or a stream of HTTP/2. @internal */
export interface Connection extends Emitter {
  readonly destroyed: boolean;
  /** The response that a socket is kept for. Private to Node. */
  readonly _httpMessage?: ServerResponse | null;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * Node's own response: the platform's, or the one inside it; undefined for anything else.
 * @internal
 */
export function nodeResponse(candidate: unknown): ServerResponse | undefined {
  if (typeof candidate !== 'object' || candidate === null) return undefined;
  const raw = ('raw' in candidate ? candidate.raw : candidate) as
    | Partial<ServerResponse>
    | null
    | undefined;
  return typeof raw?.once === 'function' && 'headersSent' in raw
    ? (raw as ServerResponse)
    : undefined;
}

/**
 * Makes room for a listener of Airlock's own: Node warns of more than ten listeners, and an answer
 * that is streamed has nearly as many by itself.
 *
 * @internal
 */
export function makeRoomForListener(emitter: object): void {
  // The objects that serverless platforms use as connections do not count listeners.
  const counts = emitter as Partial<EventEmitter>;
  const room = counts.getMaxListeners?.() ?? 0;
  // 0 has room for any number.
  if (room > 0) counts.setMaxListeners?.(room + 1);
}

/**
 * The connection of a response; undefined for requests that did not come over a network.
 * @internal
 */
export function connectionOf(response: ServerResponse): Connection | undefined {
  const { stream, req } = response as ServerResponse & { readonly stream?: Connection };
  const connection: Partial<Connection> | null | undefined = stream ?? req?.socket;
  return typeof connection?.once === 'function' ? (connection as Connection) : undefined;
}

/** @internal */
export function bringsBody(request: Partial<IncomingMessage> | undefined): boolean {
  const { headers } = request ?? {};
  return headers !== undefined && ('content-length' in headers || 'transfer-encoding' in headers);
}

/**
 * True where the connection speaks another protocol from this request on, as a WebSocket does.
 * @internal
 */
export function isUpgraded({ req }: ServerResponse): boolean {
  return (req as { readonly upgrade?: unknown } | undefined)?.upgrade === true;
}

/** True once the response was handed to the network, or its connection is gone. @internal */
export function isOver(response: ServerResponse): boolean {
  return isHandedOver(response) || response.destroyed || connectionOf(response)?.destroyed === true;
}

/**
 * True once its connection is gone before all of it was handed to the network. On HTTP/2 only
 * `writableEnded` tells that.
 * @internal
 */
export function isCutOff(response: ServerResponse): boolean {
  return isOver(response) && !(isHandedOver(response) && response.writableEnded);
}

function isHandedOver(response: ServerResponse): boolean {
  return response.writableFinished || (response.writableEnded && writesIntoStub(response));
}

/**
 * True for the responses of adapters for serverless platforms: they write into an object that never
 * tells Node how much it still holds, so Node never takes them for finished.
 */
function writesIntoStub(response: ServerResponse): boolean {
  const { socket, stream } = response as ServerResponse & { readonly stream?: unknown };
  // On HTTP/2 the socket is that of the whole session.
  return stream === undefined && !!socket && socket.writableLength === undefined;
}

/**
 * True for an answer that is produced while it is sent: a `StreamableFile`, and what a platform or
 * Nest 12 sends piece by piece, such as a stream, an async generator or the `Response` of a
 * `fetch`.
 *
 * @internal
 */
export function isStream(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  const { getStream, pipe } = answer as Record<string, unknown>;
  return (
    typeof getStream === 'function' ||
    typeof pipe === 'function' ||
    Symbol.asyncIterator in answer ||
    answer instanceof Response
  );
}
