// oxlint-disable typescript/unbound-method -- an effect is named by its method.
import { hasSubscribers } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AirlockModule,
  AirlockOptionsError,
  DropAll,
  EffectBuffer,
  enqueue,
  enqueueWith,
  NoScopeError,
  runInScope,
  SideEffect,
  withPolicy,
} from 'nestjs-airlock';
import {
  airlockMatchers,
  captureEffects,
  captureInEveryTest,
  effectsOfTest,
} from 'nestjs-airlock/testing';

expect.extend(airlockMatchers);

const sent: string[] = [];

@Injectable()
class MailService {
  @SideEffect()
  async send(to: string): Promise<void> {
    sent.push(to);
  }
}

class OrderService {
  constructor(private readonly mail: MailService) {}

  async place(to: string): Promise<string> {
    await this.mail.send(to);
    return 'placed';
  }
}

@Module({ imports: [AirlockModule.forRoot()], providers: [MailService] })
class AppModule {}

const orders = new OrderService(new MailService());

const withoutSetUp = ((): unknown => {
  try {
    return effectsOfTest();
  } catch (error) {
    return error;
  }
})();

describe('when no set-up file captures', () => {
  it('says that it is missing', () => {
    expect(withoutSetUp).toBeInstanceOf(AirlockOptionsError);
  });
});

describe('when a set-up file captures in every test', () => {
  captureInEveryTest();

  afterEach(() => {
    sent.length = 0;
  });

  it('records the effects of a service that a test calls directly, and lets none out', async () => {
    await expect(orders.place('ann')).resolves.toBe('placed');
    expect(effectsOfTest()).toHaveEnqueued(MailService.prototype.send, 'ann');
    expect(effectsOfTest()).toHaveDispatchedTimes(MailService.prototype.send, 1);
    expect(sent).toEqual([]);
  });

  it('records what a service calls by an EffectBuffer that the test has made', () => {
    new EffectBuffer().enqueue((to: string) => sent.push(to), 'ann');
    expect(effectsOfTest().effects.map(({ args }) => args)).toEqual([['ann']]);
    expect(sent).toEqual([]);
  });

  it('prints what became of each effect', async () => {
    await new OrderService(new MailService()).place('ada');
    await withPolicy(DropAll, () => new MailService().send('bob'));
    expect(inspect(effectsOfTest())).toBe(
      `Enqueued:
  1. MailService.send('ada') — dispatched
  2. MailService.send('bob') — dropped: policy (DropAll)`,
    );
  });

  it('asks the policies around a call, also while an application is open', async () => {
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    await withPolicy(DropAll, () => orders.place('ann'));
    await app.close();
    expect(effectsOfTest()).toHaveDropped(MailService.prototype.send, { args: ['ann'] });
  });

  it('begins each test with none', async () => {
    expect(effectsOfTest()).toHaveNoEffects();
    enqueueWith({ name: 'note', executor: 'mails' }, () => sent.push('note'));
    expect(effectsOfTest().effects.map(({ name }) => name)).toEqual(['note']);
  });

  it('obeys policies', async () => {
    await withPolicy(DropAll, () => orders.place('ann'));
    expect(effectsOfTest()).toHaveDropped(MailService.prototype.send);
  });

  it('returns from a call before its end, as an application does', async () => {
    const { error } = console;
    let logged = 0;
    console.error = () => logged++;
    const allows = (): boolean => {
      throw new Error('no policy');
    };
    await expect(withPolicy({ allows }, () => orders.place('ann'))).resolves.toBe('placed');
    expect(effectsOfTest().failed).toHaveLength(1);
    console.error = error;
    expect(logged).toBe(1);
  });

  it('leaves scopes and captures of the test as they are', async () => {
    await runInScope(() => orders.place('bob'));
    expect(sent).toEqual(['bob']);
    const captured = await captureEffects(() => orders.place('carl'));
    expect(captured).toHaveEnqueued(MailService.prototype.send, 'carl');
    expect(effectsOfTest()).toHaveNoEffects();
  });

  it('records what a test calls on a provider of an application', async () => {
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    await app.get(MailService).send('dora');
    expect(effectsOfTest()).toHaveEnqueued(MailService.prototype.send, 'dora');
    expect(sent).toEqual([]);
    await app.close();
  });

  it('leaves an application alone that says what happens outside a scope', async () => {
    @Module({
      imports: [AirlockModule.forRoot({ outsideScope: 'dispatch' })],
      providers: [MailService],
    })
    class DispatchingModule {}
    const app = await NestFactory.createApplicationContext(DispatchingModule, { logger: false });
    await app.get(MailService).send('eve');
    await app.close();
    expect(sent).toEqual(['eve']);
    expect(effectsOfTest()).toHaveNoEffects();
  });

  it('still refuses what is no function', () => {
    expect(() => enqueue(undefined as never)).toThrow(AirlockOptionsError);
  });
});

describe('when the tests of a file are over', () => {
  it('captures no more, and listens no more', () => {
    const hooks: Record<string, () => void> = {};
    captureInEveryTest({
      hooks: {
        beforeEach: (hook) => (hooks.beforeEach = hook),
        afterAll: (hook) => (hooks.afterAll = hook),
      },
    });
    expect(hasSubscribers('airlock:enqueue')).toBe(true);
    hooks.afterAll!();
    expect(hasSubscribers('airlock:enqueue')).toBe(false);
    expect(() => enqueue(() => {})).toThrow(NoScopeError);
  });
});

describe('when there are no hooks', () => {
  it('says how to hand them over', () => {
    expect(() => captureInEveryTest({ hooks: {} as never })).toThrow(
      /captureInEveryTest\(\{ hooks/,
    );
  });
});
