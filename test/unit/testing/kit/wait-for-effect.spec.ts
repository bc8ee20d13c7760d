// oxlint-disable typescript/unbound-method -- an effect is named by its method.
import { setImmediate } from 'node:timers/promises';
import { Test } from '@nestjs/testing';
import { AirlockService, SideEffect } from 'nestjs-airlock';
import {
  AirlockTestingModule,
  recorderOf,
  waitForEffect,
  waitForRun,
} from 'nestjs-airlock/testing';
import {
  booted,
  checkAfterEach,
  errorOf,
  MailService,
  notifyWarehouse,
  OrderService,
  Outbox,
  post,
  shop,
} from '../fixtures.js';

checkAfterEach();

function shopInline() {
  return booted(shop(AirlockTestingModule.forRoot({ mode: 'inline' })));
}

describe('when an effect is waited for', () => {
  it('resolves when it goes out', async () => {
    const app = await shopInline();
    const waiting = waitForEffect(app, notifyWarehouse);
    await post(app, '/orders/7');
    expect(await waiting).toMatchObject({ name: 'notifyWarehouse', args: [expect.anything(), 7] });
  });

  it('resolves where it has gone out already', async () => {
    const app = await shopInline();
    await post(app, '/orders/7');
    expect(
      await waitForEffect(app, MailService.prototype.sendReceipt, { timeoutMs: 0 }),
    ).toMatchObject({ args: [7] });
  });

  it('takes the first that is meant', async () => {
    const app = await shopInline();
    const waiting = waitForEffect(app, 'MailService.sendReceipt', {
      where: ({ args }) => args[0] === 8,
    });
    await post(app, '/orders/7');
    await post(app, '/orders/8');
    expect(await waiting).toMatchObject({ args: [8] });
  });

  it('does not take one that was dropped, and says so when time is over', async () => {
    const app = await shopInline();
    await post(app, '/orders/7/refused');
    const error = await errorOf(() => waitForEffect(app, notifyWarehouse, { timeoutMs: 5 }));
    expect(error).toMatchObject({
      code: 'AIRLOCK_WAIT_TIMEOUT',
      waitedFor: 'notifyWarehouse to be let out',
    });
    expect(error.message).toMatchInlineSnapshot(`
     "Waited 5 ms for notifyWarehouse to be let out. Enqueued:
       1. MailService.sendReceipt(7) — dropped: outcome
       2. notifyWarehouse(Outbox { sent: [ 'apology 7' ] }, 7) — dropped: outcome
       3. MailService.apologise(7) — dispatched"
    `);
  });

  it('forgets what was cleared', async () => {
    const app = await shopInline();
    await post(app, '/orders/7');
    recorderOf(app).clear();
    await expect(waitForEffect(app, notifyWarehouse, { timeoutMs: 5 })).rejects.toThrow(
      'Nothing was enqueued.',
    );
  });

  it('refuses what names no effect', async () => {
    const app = await shopInline();
    await expect(waitForEffect(app, undefined as never)).rejects.toThrow(
      'Expected `effect` to be a method',
    );
    await expect(waitForRun(app, '')).rejects.toThrow('Expected `effect` to be a method');
  });
});

describe('when the run of a worker is waited for', () => {
  /** What a worker does with an effect that comes from a queue. */
  async function work(
    app: { get(type: typeof AirlockService): AirlockService },
    name: string,
  ): Promise<void> {
    await app.get(AirlockService).run({ name: `effect ${name}` }, () => setImmediate());
  }

  it.each([
    ['a name', 'MailService.sendReceipt'],
    ['a method', MailService.prototype.sendReceipt],
  ])('resolves when it has ended (%s)', async (_, effect) => {
    const app = await shopInline();
    const waiting = waitForRun(app, effect);
    await work(app, 'MailService.sendReceipt');
    await expect(waiting).resolves.toBeUndefined();
    await expect(waitForRun(app, effect, { timeoutMs: 0 })).resolves.toBeUndefined();
  });

  it('knows a method that was given a name', async () => {
    const app = await shopInline();
    await work(app, 'broken mail');
    await expect(
      waitForRun(app, app.get(MailService).break, { timeoutMs: 0 }),
    ).resolves.toBeUndefined();
  });

  it('waits for as many as it is told', async () => {
    const app = await shopInline();
    await work(app, 'MailService.sendReceipt');
    await expect(
      waitForRun(app, 'MailService.sendReceipt', { times: 2, timeoutMs: 5 }),
    ).rejects.toThrow(
      'Waited 5 ms for a worker to run MailService.sendReceipt twice. Run: MailService.sendReceipt.',
    );
    await work(app, 'MailService.sendReceipt');
    await expect(
      waitForRun(app, 'MailService.sendReceipt', { times: 2, timeoutMs: 5 }),
    ).resolves.toBeUndefined();
  });

  it('waits for none where that is the number', async () => {
    const app = await shopInline();
    await expect(
      waitForRun(app, 'MailService.sendReceipt', { times: 0, timeoutMs: 0 }),
    ).resolves.toBeUndefined();
  });

  it('refuses a number of times that there is none of', async () => {
    const app = await shopInline();
    await expect(waitForRun(app, 'MailService.sendReceipt', { times: -1 })).rejects.toThrow(
      'Expected `times` to be an integer of 0 or more, got `-1` (number).',
    );
  });

  it('does not take a method of another class that has the same name', async () => {
    class LetterService {
      @SideEffect()
      async sendReceipt(): Promise<void> {}
    }
    class PoliteMailService extends MailService {}
    const builder = Test.createTestingModule({
      imports: [AirlockTestingModule.forRoot({ mode: 'inline' })],
      providers: [Outbox, LetterService, { provide: MailService, useClass: PoliteMailService }],
    });
    const app = await booted(builder);
    await work(app, 'PoliteMailService.sendReceipt');
    const letter = waitForRun(app, LetterService.prototype.sendReceipt, { timeoutMs: 5 });
    await expect(letter).rejects.toThrow('Run: PoliteMailService.sendReceipt.');
    await expect(
      waitForRun(app, MailService.prototype.sendReceipt, { timeoutMs: 0 }),
    ).resolves.toBeUndefined();
  });

  it('does not take a run that failed, and says what was run instead', async () => {
    const app = await shopInline();
    const failing = app.get(AirlockService).run({ name: 'effect MailService.welcome' }, () => {
      throw new Error('SMTP is down');
    });
    await expect(failing).rejects.toThrow('SMTP is down');
    await expect(waitForRun(app, 'MailService.welcome', { timeoutMs: 5 })).rejects.toThrow(
      'Waited 5 ms for a worker to run MailService.welcome. No worker has run any effect.',
    );
    await work(app, 'MailService.nag');
    await expect(waitForRun(app, 'MailService.welcome', { timeoutMs: 5 })).rejects.toThrow(
      'Run: MailService.nag.',
    );
  });
});

describe('when effects are let out while an application closes', () => {
  it('records them too', async () => {
    const app = await shopInline();
    const work = app.get(AirlockService).run(async () => {
      await setImmediate();
      await app.get(OrderService).place(7);
    });
    const recorder = recorderOf(app);
    await app.close();
    await work;
    expect(recorder).toHaveDispatched(notifyWarehouse);
  });
});
