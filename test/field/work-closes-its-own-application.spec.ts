import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AirlockModule, AirlockService, enqueue, runInScope } from 'nestjs-airlock';
import { setTimeout } from 'node:timers/promises';
import { checkAfterEach, send, sent } from '../unit/core/fixtures.js';

checkAfterEach();

describe('Work that closes its own application', () => {
  @Module({ imports: [AirlockModule.forRoot({ shutdownTimeoutMs: 600_000 })] })
  class AppModule {}

  const errors: unknown[] = [];
  const logger = { log() {}, warn() {}, error: (message: unknown) => void errors.push(message) };

  it.each(['runInScope', 'a scope in airlock.run'] as const)(
    'is not waited for by the close: %s',
    async (how) => {
      const app = await NestFactory.createApplicationContext(AppModule, { logger });
      const airlock = app.get(AirlockService);
      const script = async (): Promise<void> => {
        enqueue(send, 'report');
        await app.close();
      };
      await (how === 'runInScope' ? runInScope(script) : airlock.run(() => airlock.run(script)));
      expect(sent).toEqual(['report']);
      expect(errors).toEqual([]);
    },
  );

  it('has the work beside it waited for', async () => {
    const app = await NestFactory.createApplicationContext(AppModule, { logger });
    const beside = runInScope(async () => {
      await setTimeout(50);
      enqueue(send, 'beside');
    });
    await runInScope(async () => {
      await app.close();
      expect(sent).toEqual(['beside']);
    });
    await beside;
  });
});
