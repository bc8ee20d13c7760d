import type { LoggerService } from '@nestjs/common';
import { logSafely } from '../../core/outside/log-safely.js';

/**
 * A logger that never throws, since Airlock logs in the middle of an application's work (rule 9).
 * @internal
 */
export class SafeLogger implements LoggerService {
  constructor(private readonly logger: LoggerService) {}

  log(message: unknown, ...rest: unknown[]): void {
    logSafely(() => this.logger.log(message, ...rest), message);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    logSafely(() => this.logger.warn(message, ...rest), message);
  }

  error(message: unknown, ...rest: unknown[]): void {
    logSafely(() => this.logger.error(message, ...rest), message);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    logSafely(() => this.logger.debug?.(message, ...rest), message);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    logSafely(() => this.logger.verbose?.(message, ...rest), message);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    logSafely(() => this.logger.fatal?.(message, ...rest), message);
  }
}
