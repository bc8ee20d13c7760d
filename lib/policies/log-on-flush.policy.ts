import { Logger } from '@nestjs/common';
import type { Policy } from '../core/model/policy.js';
import type { Intent } from '../core/model/intent.js';

/** The one method of a logger that `LogOnFlush` calls. @publicApi */
export interface FlushLogger {
  log(message: string): void;
}

/**
 * Allows everything and logs each intent that reaches it: its name, id and origin, never its
 * arguments.
 *
 * @example
 * ```ts
 * AirlockModule.forRoot({ policy: LogOnFlush });
 * ```
 *
 * @publicApi
 */
export class LogOnFlush implements Policy {
  constructor(private readonly logger: FlushLogger = new Logger('Airlock')) {}

  allows(intent: Intent): boolean {
    this.logger.log(
      `Letting out ${intent.toString()}${intent.origin === undefined ? '' : ` from ${intent.origin}`}`,
    );
    return true;
  }
}
