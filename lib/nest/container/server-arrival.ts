import type { HttpAdapterHost } from '@nestjs/core';

/**
 * Calls back as soon as an application has its server: at once, or when a testing module is given
 * one, which is before the application registers anything with it.
 *
 * @internal
 */
export function whenServerArrives(host: HttpAdapterHost, arrived: () => void): void {
  const { init$ } = host as Partial<Pick<HttpAdapterHost, 'init$'>>;
  if (init$ !== undefined) {
    init$.subscribe(arrived);
    return;
  }
  // Nest 11 has `init$` since 11.1.4. Until then only the assignment tells of a server.
  if ((host.httpAdapter as unknown) !== undefined) arrived();
  else atFirstAssignment(host, arrived);
}

/** Holds until the first assignment: then the accessors of the class are in force again. */
function atFirstAssignment(host: HttpAdapterHost, assigned: () => void): void {
  Object.defineProperty(host, 'httpAdapter', {
    configurable: true,
    get: () => undefined,
    set(server: HttpAdapterHost['httpAdapter']) {
      Reflect.deleteProperty(host, 'httpAdapter');
      host.httpAdapter = server;
      assigned();
    },
  });
}
