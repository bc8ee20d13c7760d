import { ConsoleLogger } from '@nestjs/common';

const STARTING = ['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer'];

/**
 * Nest's logger without the lines that list modules and routes, and without those of a port that is
 * taken: the demo says that in a sentence of its own.
 */
export class ShopLogger extends ConsoleLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (STARTING.includes(rest.at(-1) as string)) return;
    super.log(message, ...(rest as [string]));
  }

  override error(message: unknown, ...rest: unknown[]): void {
    if (String(message).includes('EADDRINUSE')) return;
    super.error(message, ...(rest as [string]));
  }
}
