import type { HttpServer } from '@nestjs/common';

interface Configured {
  readonly initialConfig?: { readonly forceCloseConnections?: unknown };
}

/**
 * Tells whether a server breaks its connections when it is closed (`forceCloseConnections`): the
 * application itself then gives up the requests that are running.
 *
 * To be called before the server is made.
 *
 * @internal
 */
export function watchForcedClose(server: HttpServer): () => boolean {
  const { initHttpServer } = server as Partial<HttpServer>;
  let isForced = false;
  if (typeof initHttpServer === 'function') {
    const value: HttpServer['initHttpServer'] = (options) => {
      isForced = options?.forceCloseConnections === true;
      return initHttpServer.call(server, options);
    };
    Object.defineProperty(server, 'initHttpServer', { value, configurable: true, writable: true });
  }
  return () =>
    isForced || (server.getInstance() as Configured).initialConfig?.forceCloseConnections === true;
}
