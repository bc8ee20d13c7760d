import type { ApplicationConfig } from '@nestjs/core';

/**
 * Calls back once, when Nest has made all providers and is about to connect the first gateway, with
 * an HTTP server or without: it asks for the adapter of WebSockets then.
 *
 * @internal
 */
export function beforeFirstGateway(config: ApplicationConfig, connecting: () => void): void {
  config.getIoAdapter = () => {
    // The method of the class is in force again.
    Reflect.deleteProperty(config, 'getIoAdapter');
    connecting();
    return config.getIoAdapter();
  };
}
