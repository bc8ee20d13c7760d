import type { INestApplicationContext } from '@nestjs/common';
import { AirlockService } from '../../nest/services/airlock.service.js';
import type { ContractDeed, ContractPayload, RunningContract } from '../boundary-contract.js';
import type { Handlers, Role } from './handlers.js';
import type { Task } from './task.js';

/** One application that was started, and calls of its entry points. @internal */
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
  async trigger(task: Task, deed: ContractDeed, role: Role = 'plain'): Promise<void> {
    task.ending = await endingOf(this.running.trigger(this.payload(task, deed, role)));
  }

  /** Makes a call of the plain handler and leaves while it streams. */
  async leave(task: Task): Promise<void> {
    await this.running.leave!(this.payload(task, 'stream on', 'plain'), task.underway);
  }

  async close(): Promise<void> {
    await this.running.close?.();
    await this.app.close();
  }

  private payload({ id }: Task, deed: ContractDeed, role: Role): ContractPayload {
    return { handler: this.handlers.addressOf(role), deed, id };
  }
}

/** Errors are compared by what they say: each call has its own. */
async function endingOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await call };
  } catch (error) {
    return { error: error instanceof Error ? `${error.name}: ${error.message}` : error };
  }
}
