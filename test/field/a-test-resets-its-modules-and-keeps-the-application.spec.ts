import type { INestApplicationContext } from '@nestjs/common';
import type * as Airlock from 'nestjs-airlock';
import type * as Kit from 'nestjs-airlock/testing';

describe('when a test resets its modules, imports the kit again, and keeps the application', () => {
  let app: INestApplicationContext;
  let kit: typeof Kit;

  beforeAll(async () => {
    const { NestFactory } = await import('@nestjs/core');
    const { AirlockModule }: typeof Airlock = await import('nestjs-airlock');
    app = await NestFactory.createApplicationContext(AirlockModule.forRoot(), { logger: false });
    jest.resetModules();
    kit = await import('nestjs-airlock/testing');
  });

  afterAll(() => app.close());

  it.each<[string, () => unknown]>([
    ['recordEffects', () => kit.recordEffects(app)],
    ['captureEffects', () => kit.captureEffects(app, () => {})],
    ['drain', () => kit.drain(app)],
  ])('%s says that the package was loaded twice', async (_, call) => {
    const refused = await Promise.resolve()
      .then(call)
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'AIRLOCK_OPTIONS' });
    expect(String(refused)).toContain('two loads of `nestjs-airlock`');
  });
});
