import { type INestApplicationContext, Injectable, Module, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AirlockModule,
  type AirlockModuleOptions,
  type DispatchContext,
  type DispatchResult,
  type Executor,
  type Intent,
  SideEffect,
} from 'nestjs-airlock';
import {
  AirlockOutboxModule,
  type AirlockOutboxOptions,
  OutboxExecutor,
} from 'nestjs-airlock/outbox';
import { Lines } from '../remote.js';
import type { OutboxClient } from './client.js';

/** Effects of the application under test; each instance notes what it did. */
@Injectable()
export class Mail {
  readonly sent: unknown[] = [];
  /** What the next runs do first. */
  before: (text: unknown) => void | Promise<void> = () => {};

  @SideEffect()
  async send(text: unknown): Promise<void> {
    await this.before(text);
    this.sent.push(text);
  }

  @SideEffect({ timeoutMs: 60_000 })
  async ship(text: unknown): Promise<void> {
    await this.before(text);
    this.sent.push(text);
  }

  @SideEffect({ on: 'failure' })
  async apologise(text: string): Promise<void> {
    this.sent.push(text);
  }

  @SideEffect({ survivesRollback: true })
  async note(text: string): Promise<void> {
    this.sent.push(text);
  }

  @SideEffect({ dedupeKey: (text: string) => text })
  async sendOnce(text: string): Promise<void> {
    this.sent.push(text);
  }

  @SideEffect({ name: 'mail.letter', dispatchOptions: { priority: 1 } })
  async letter(...args: unknown[]): Promise<void> {
    this.sent.push(args);
  }
}

/** An executor of one's own that leaves the process: it keeps what it is handed. */
export class Courier implements Executor {
  readonly remote = true;
  readonly taken: Intent[] = [];
  readonly batches: number[] = [];
  /** Asked before something is taken; what it throws is why it is not. */
  before: (intent: Intent) => void | Promise<void> = () => {};

  get texts(): readonly unknown[] {
    return this.taken.map(({ args }) => args[0]);
  }

  async execute(intent: Intent): Promise<void> {
    await this.before(intent);
    this.taken.push(intent);
  }

  async executeBatch(
    intents: readonly Intent[],
    _context: DispatchContext,
  ): Promise<readonly DispatchResult[]> {
    this.batches.push(intents.length);
    const results: DispatchResult[] = [];
    for (const intent of intents) {
      try {
        await this.execute(intent);
        results.push({ intent });
      } catch (error) {
        results.push({ intent, error });
      }
    }
    return results;
  }
}

export interface Application {
  readonly outbox?: Partial<AirlockOutboxOptions>;
  readonly airlock?: AirlockModuleOptions;
  readonly providers?: readonly Provider[];
  readonly imports?: readonly unknown[];
  readonly lines?: Lines;
}

/** An application whose effects go through an outbox in the database of a client. */
export async function boot(
  client: OutboxClient,
  application: Application = {},
): Promise<INestApplicationContext> {
  const { outbox, airlock, providers = [Mail], imports = [], lines } = application;

  @Module({
    imports: [
      AirlockModule.forRoot({ executor: OutboxExecutor, ...airlock }),
      AirlockOutboxModule.forRoot({
        dialect: client.dialect,
        connection: client.connection,
        createTable: true,
        sweepIntervalMs: 50,
        ...outbox,
      }),
      ...(imports as never[]),
    ],
    providers: [...providers],
  })
  class AppModule {}

  return NestFactory.createApplicationContext(AppModule, {
    logger: (lines as never) ?? false,
    abortOnError: false,
  });
}
