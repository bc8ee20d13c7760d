import {
  type BeforeApplicationShutdown,
  Injectable,
  Module,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AirlockModule,
  type AirlockModuleOptions,
  AirlockService,
  ShuttingDownError,
  SideEffect,
} from 'nestjs-airlock';
import { checkForLeaks } from 'nestjs-airlock/testing';

// The shutdown has waited for all that was running, and lets nothing begin: advice to open a scope
// would be wrong.

@Injectable()
class Mails {
  readonly sent: string[] = [];

  @SideEffect()
  async send(text: string): Promise<void> {
    this.sent.push(text);
  }
}

type Call = (mails: Mails, airlock: AirlockService) => Promise<void>;

@Injectable()
class Farewell implements OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown {
  static call: Call;
  readonly refusals: unknown[] = [];

  constructor(
    private readonly mails: Mails,
    private readonly airlock: AirlockService,
  ) {}

  onModuleDestroy = (): Promise<void> => this.say();
  beforeApplicationShutdown = (): Promise<void> => this.say();
  onApplicationShutdown = (): Promise<void> => this.say();

  private say(): Promise<void> {
    return Farewell.call(this.mails, this.airlock).catch(
      (error: unknown) => void this.refusals.push(error),
    );
  }
}

describe.each<[string, Call]>([
  ['by itself', (mails) => mails.send('bye')],
  ['in a scope', (mails, airlock) => airlock.run(() => mails.send('bye'))],
])('when a hook at the end of an application calls an effect %s', (_how, call) => {
  checkForLeaks();

  it.each<AirlockModuleOptions>([{}, { outsideScope: 'dispatch' }, { outsideScope: 'drop' }])(
    'refuses it because of the shutdown, with options %j',
    async (options) => {
      @Module({ imports: [AirlockModule.forRoot(options)], providers: [Mails, Farewell] })
      class AppModule {}
      Farewell.call = call;
      const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
      await app.close();
      expect(app.get(Mails).sent).toEqual([]);
      expect(app.get(Farewell).refusals).toEqual(Array(3).fill(expect.any(ShuttingDownError)));
    },
  );
});
