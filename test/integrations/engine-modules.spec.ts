import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AirlockModule, AirlockOptionsError } from 'nestjs-airlock';
import { AirlockBullMqModule } from 'nestjs-airlock/bullmq';
import { AirlockMicroservicesModule } from 'nestjs-airlock/microservices';
import { AirlockPgBossModule } from 'nestjs-airlock/pg-boss';
import { rootModule } from '../../lib/integrations/root.module.js';
import { errorOf } from '../unit/core/fixtures.js';

/** A port where nobody is, so that nothing but the check could be what refuses the boot. */
const NOWHERE = '127.0.0.1:1';
const boss = { connectionString: `postgres://${NOWHERE}/none` };
const connection = `redis://${NOWHERE}`;

async function boot(...imports: readonly (DynamicModule | Type)[]): Promise<void> {
  @Module({ imports: [AirlockModule.forRoot(), ...imports] })
  class AppModule {}

  const app = await NestFactory.createApplicationContext(AppModule, {
    logger: false,
    abortOnError: false,
  });
  await app.close();
}

describe.each<[string, DynamicModule, DynamicModule, string]>([
  [
    'AirlockPgBossModule',
    AirlockPgBossModule.forRoot({ boss, queue: 'one', dispatchTimeoutMs: 100 }),
    AirlockPgBossModule.forRoot({ boss, queue: 'two', dispatchTimeoutMs: 100 }),
    '`queueFor`',
  ],
  [
    'AirlockPgBossModule',
    AirlockPgBossModule.forRoot({ boss, queue: 'one', dispatchTimeoutMs: 100 }),
    AirlockPgBossModule.forRootAsync({
      useFactory: () => ({ boss, queue: 'two', dispatchTimeoutMs: 100 }),
    }),
    '`queueFor`',
  ],
  [
    'AirlockBullMqModule',
    AirlockBullMqModule.forRoot({ connection, queue: 'one', dispatchTimeoutMs: 100 }),
    AirlockBullMqModule.forRoot({ connection, queue: 'two', dispatchTimeoutMs: 100 }),
    '`queueFor`',
  ],
  [
    'AirlockMicroservicesModule',
    AirlockMicroservicesModule.forRoot({ pattern: 'one' }),
    AirlockMicroservicesModule.forRoot({ pattern: 'two' }),
    '`patternFor`',
  ],
])('when %s is imported twice', (name, one, two, remedy) => {
  it('refuses to start, and says what to do', async () => {
    const error = await errorOf<AirlockOptionsError>(() => boot(one, two));
    expect(error).toBeInstanceOf(AirlockOptionsError);
    expect(error.key).toBe(name);
    expect(error.message).toContain(
      `\`${name}.forRoot()\` is imported 2 times in one application. Import it once`,
    );
    expect(error.message).toContain(remedy);
  });
});

describe('when one engine module is imported by several modules', () => {
  it('is still one', async () => {
    const microservices = AirlockMicroservicesModule.forRoot({ pattern: 'one' });

    @Module({ imports: [microservices] })
    class FeatureModule {}

    await expect(boot(microservices, FeatureModule)).resolves.toBeUndefined();
  });
});

describe('when a connection cannot be opened, nor closed', () => {
  it('refuses to start with the error of the opening', async () => {
    class Link {
      async open(): Promise<never> {
        throw new Error('cannot be opened');
      }
      async close(): Promise<never> {
        throw new Error('cannot be closed');
      }
    }
    class Settings {}

    @Module({ providers: [Link] })
    class EngineModule extends rootModule({
      module: 'EngineModule',
      hint: '',
      factoryMethod: 'createOptions',
      settings: Settings,
      link: Link,
    }) {}

    const error = await errorOf<Error>(() => boot(EngineModule.forRoot({})));
    expect(error.message).toBe('cannot be opened');
  });
});
