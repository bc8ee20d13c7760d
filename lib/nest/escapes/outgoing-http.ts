import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** Message of undici's channel, and so of `fetch`, about a request that is about to be sent. */
interface UndiciMessage {
  readonly request: {
    readonly origin: string | URL;
    readonly method: string;
    onError(error: Error): void;
  };
}

/** Message of the channel of `node:http`. */
interface HttpMessage {
  readonly request: {
    readonly method: string;
    readonly host: string;
    getHeader(name: string): unknown;
    destroy(error: Error): void;
  };
}

const UNDICI = 'undici:request:create';
/** Node 22.12 and newer: before anything is written. */
const HTTP_CREATED = 'http.client.request.created';
/** Any version: a connection that was kept alive may have taken the request already. */
const HTTP_STARTED = 'http.client.request.start';

/**
 * Watches the HTTP requests of this process by Node's diagnostics channels.
 *
 * @param inspect told `POST` and `api.example.com:8080`, in the async context of the caller; an
 *   error it returns fails the request
 * @returns ends the watch
 * @internal
 */
export function watchOutgoingHttp(
  inspect: (method: string, host: string) => Error | undefined,
): () => void {
  const onUndici = (message: unknown): void => {
    const { request } = message as UndiciMessage;
    const error = inspect(request.method, new URL(request.origin).host);
    if (error !== undefined) request.onError(error);
  };
  const seen = new WeakSet();
  const onHttp = (message: unknown): void => {
    const { request } = message as HttpMessage;
    if (seen.has(request)) return;
    seen.add(request);
    const host = request.getHeader('host');
    const error = inspect(request.method, typeof host === 'string' ? host : request.host);
    if (error !== undefined) request.destroy(error);
  };
  subscribe(UNDICI, onUndici);
  subscribe(HTTP_CREATED, onHttp);
  subscribe(HTTP_STARTED, onHttp);
  return () => {
    unsubscribe(UNDICI, onUndici);
    unsubscribe(HTTP_CREATED, onHttp);
    unsubscribe(HTTP_STARTED, onHttp);
  };
}
