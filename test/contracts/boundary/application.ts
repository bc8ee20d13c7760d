import type { INestApplicationContext } from '@nestjs/common';
import { AirlockService } from '../../../lib/nest/services/airlock.service.js';
import type { ContractAction, ContractPayload, RunningContract } from './boundary-contract.js';
import type { Handlers, Role } from './handlers.js';
import type { CallRecord } from './call-record.js';

/** Started application, with calls of its entry points. */
export class Application {
  constructor(
    private readonly running: RunningContract,
    readonly handlers: Handlers,
  ) {}

  get app(): INestApplicationContext {
    return this.running.app;
  }

  get airlock(): AirlockService {
    return this.app.get(AirlockService);
  }

  /** Makes a call and notes how it ends for the caller. */
  async trigger(call: CallRecord, action: ContractAction, role: Role = 'plain'): Promise<void> {
    call.ending = await endingOf(this.running.trigger(this.payload(call, action, role)));
  }

  /** Makes a call of the plain handler and leaves while it streams. */
  async leave(call: CallRecord): Promise<void> {
    await this.running.leave!(this.payload(call, 'stream on', 'plain'), call.underway);
  }

  async close(): Promise<void> {
    await this.running.close?.();
    await this.app.close();
  }

  private payload({ id }: CallRecord, action: ContractAction, role: Role): ContractPayload {
    return { handler: this.handlers.addressOf(role), action, id };
  }
}

/** Returns how a call ends. Errors become their text, so that they can be compared. */
async function endingOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await call };
  } catch (error) {
    return { error: error instanceof Error ? `${error.name}: ${error.message}` : error };
  }
}
