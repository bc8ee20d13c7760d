import { setTimeout } from 'node:timers/promises';
import { Controller, Get, type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import { AirlockModule, AirlockService, SideEffect } from 'nestjs-airlock';
import { AirlockInspectorModule } from 'nestjs-airlock/inspector';
import { checkForLeaks } from 'nestjs-airlock/testing';
import { platforms } from '../e2e/http/fixtures.js';
import { isCollected } from '../unit/core/fixtures.js';

jest.setTimeout(60_000);

@Injectable()
class Mail {
  @SideEffect()
  async receipt(): Promise<void> {}
}

@Controller()
class Orders {
  constructor(private readonly mail: Mail) {}

  @Get()
  async place(): Promise<void> {
    await this.mail.receipt();
  }
}

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    CqrsModule.forRoot(),
    AirlockModule.forRoot(),
    AirlockInspectorModule.forRoot(),
  ],
  controllers: [Orders],
  providers: [Mail],
})
class AppModule {}

/** Starts, uses and closes an application, as a test file or a serverless function does. */
async function live<A extends INestApplicationContext>(
  start: () => Promise<A>,
  use: (app: A) => Promise<unknown>,
): Promise<WeakRef<object>> {
  const app = await start();
  await use(app);
  const reference = new WeakRef(app.get(AirlockService));
  await app.close();
  return reference;
}

/**
 * Not at once: a timer of Node's server keeps the request that set it until the second at hand is
 * over.
 */
async function isLetGoOf(reference: WeakRef<object>): Promise<boolean> {
  for (let i = 0; i < 20; i++) {
    if (await isCollected(reference)) return true;
    await setTimeout(500);
  }
  return false;
}

describe('when a process starts one application after the other', () => {
  checkForLeaks();

  it.each(platforms)('keeps nothing of one that is closed, on %s', async (_name, adapter) => {
    const start = async () => {
      const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
      const app = testing.createNestApplication(adapter(), { logger: false });
      await app.listen(0);
      return app;
    };
    const use = async (app: Awaited<ReturnType<typeof start>>) => {
      const response = await fetch(await app.getUrl(), { headers: { connection: 'close' } });
      expect(response.status).toBe(200);
      await response.text();
    };
    const first = await live(start, use);
    await live(start, use);
    expect(await isLetGoOf(first)).toBe(true);
  });

  it('keeps nothing of one without a server', async () => {
    const start = async () =>
      (await Test.createTestingModule({ imports: [AppModule] }).compile()).init();
    const use = async (app: INestApplicationContext) =>
      app.get(AirlockService).run(async () => app.get(Mail).receipt());
    const first = await live(start, use);
    await live(start, use);
    expect(await isLetGoOf(first)).toBe(true);
  });
});
