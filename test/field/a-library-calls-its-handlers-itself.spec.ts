import { Injectable, Module, SetMetadata, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Airlock, AirlockModule, type AirlockModuleOptions } from 'nestjs-airlock';
import { boot, checkAfterEach, Effects } from '../e2e/http/fixtures.js';

// The metadata that the decorators of these libraries write.
const SQS = Symbol.for('SQS_CONSUMER_METHOD');
const SqsMessageHandler = (name: string): MethodDecorator => SetMetadata(SQS, { name });
const Job = (jobName: string): MethodDecorator => SetMetadata('PG_BOSS_JOB_METADATA', { jobName });
const TaskHandler = (): MethodDecorator => SetMetadata(Symbol.for('TASK_HANDLER_METADATA'), true);
const Console = (): ClassDecorator => SetMetadata('nests-console.Console', {});
const Command = (): MethodDecorator => (target, key) =>
  Reflect.defineMetadata('nests-console.Command:', {}, target, key);
const SlackAction = (): MethodDecorator => (target, propertyKey) =>
  Reflect.defineMetadata('slack:action', [{ target: 'Bot', propertyKey }], target.constructor);

@Injectable()
class Orders {
  constructor(readonly effects: Effects) {}
  @SqsMessageHandler('orders')
  onMessage(): void {}
  @SqsMessageHandler('returns')
  onReturn(): void {}
  helper(): void {}
}

@Injectable()
class Covered {
  @SqsMessageHandler('a')
  @Airlock()
  async below(): Promise<void> {}
  @Airlock()
  @SqsMessageHandler('b')
  async above(): Promise<void> {}
}

@Injectable()
class Jobs {
  @Job('mail')
  mail(): void {}
}

@Injectable()
class Tasks {
  @TaskHandler()
  handle(): void {}
}

@Injectable()
@Console()
class Bot {
  @Command()
  run(): void {}
  @SlackAction()
  act(): void {}
}

const warningsOf = async (
  providers: readonly Type[],
  options?: AirlockModuleOptions,
): Promise<readonly string[]> => {
  const { log } = await boot({ providers: [...providers] }, options);
  return log.airlock('warn');
};

checkAfterEach();

describe('when a class has handlers that a library calls itself', () => {
  it('names all of them in one warning at boot, and says how each is covered', async () => {
    expect(await warningsOf([Orders, Jobs, Tasks, Bot])).toEqual([
      'Some methods look like handlers that no boundary covers, so that effects called in them are outside any scope. ' +
        '`Orders.onMessage`, `Orders.onReturn` of @ssut/nestjs-sqs: put `@Airlock()` on them. ' +
        "`Jobs.mail` of @wavezync/nestjs-pgboss: cover them with `entryPoints: [{ name: '@wavezync/nestjs-pgboss', metadataKey: " +
        "'PG_BOSS_JOB_METADATA' }]` of AirlockModule. " +
        "`Tasks.handle` of nestjs-graphile-worker: cover them with `entryPoints: [{ name: 'nestjs-graphile-worker', metadataKey: " +
        "Symbol.for('TASK_HANDLER_METADATA') }]` of AirlockModule. " +
        '`Bot.run` of nestjs-console: put `@Airlock()` on them. `Bot.act` of nestjs-slack-bolt: put `@Airlock()` on them.',
    ]);
  });

  it('is silent about those that are covered', async () => {
    const entryPoints = [{ name: 'pg-boss', metadataKey: 'PG_BOSS_JOB_METADATA' }];
    expect(await warningsOf([Covered, Jobs], { entryPoints })).toEqual([]);
  });

  it('is silent where nothing calls effects', async () => {
    const lines: string[] = [];
    @Module({ imports: [AirlockModule.forRoot()], providers: [Jobs] })
    class AppModule {}
    const logger = { log() {}, error() {}, warn: (text: string) => void lines.push(text) };
    const app = await NestFactory.createApplicationContext(AppModule, { logger });
    expect(lines).toEqual([]);
    await app.close();
  });

  it('does not take `entryPoints` for an answer where the library takes the method from the class', async () => {
    const [warning] = await warningsOf([Orders], {
      entryPoints: [{ name: 'sqs', metadataKey: SQS }],
    });
    expect(warning).toContain('`Orders.onReturn` of @ssut/nestjs-sqs: put `@Airlock()` on them.');
  });
});
