// oxlint-disable typescript/unbound-method -- an effect is named by its method.
import { setImmediate } from 'node:timers/promises';
import {
  AirlockService,
  BlockTasks,
  CascadeDepthError,
  DispatchError,
  openFrame,
} from 'nestjs-airlock';
import {
  AirlockTestingModule,
  type AirlockTestingOptions,
  drain,
  recorderOf,
} from 'nestjs-airlock/testing';
import {
  booted,
  checkAfterEach,
  errorOf,
  gate,
  MailService,
  names,
  OrderService,
  Outbox,
  post,
  shop,
  shopWith,
} from '../fixtures.js';

checkAfterEach();

function shopIn(
  mode: AirlockTestingOptions['mode'],
  options: Omit<AirlockTestingOptions, 'mode'> = {},
) {
  return booted(shop(AirlockTestingModule.forRoot({ mode, ...options })));
}

describe('when effects were captured', () => {
  it('runs them in order and says which', async () => {
    const app = await shopIn('capture');
    await post(app, '/orders/7');
    const ran = await drain(app);
    expect(names(ran)).toEqual(['MailService.sendReceipt', 'notifyWarehouse']);
    expect(app.get(Outbox).sent).toEqual(['receipt 7', 'warehouse 7']);
  });

  it('runs each once', async () => {
    const app = await shopIn('capture');
    await post(app, '/orders/7');
    await drain(app);
    expect(await drain(app)).toEqual([]);
  });

  it('runs what they enqueue after them', async () => {
    const app = await shopIn('capture');
    await app.get(AirlockService).run(async () => {
      await app.get(MailService).welcome('Ada');
      await app.get(MailService).sendReceipt(7);
    });
    expect(names(await drain(app))).toEqual([
      'MailService.welcome',
      'MailService.sendReceipt',
      'MailService.sendReceipt',
    ]);
    expect(app.get(Outbox).sent).toEqual(['welcome Ada', 'receipt 7', 'receipt 0']);
  });

  it('holds what they enqueue to the policies of the scope that let them out', async () => {
    const app = await shopIn('capture');
    const policy = new BlockTasks(['MailService.sendReceipt']);
    await app.get(AirlockService).run({ policy }, () => app.get(MailService).welcome('Ada'));
    expect(names(await drain(app))).toEqual(['MailService.welcome']);
    expect(app).toHaveDropped(app.get(MailService).sendReceipt, { reason: 'policy', policy });
  });

  it('runs them outside the scope it is called in', async () => {
    const app = await shopIn('capture');
    await app.get(AirlockService).run(() => app.get(MailService).welcome('Ada'));
    await app.get(AirlockService).run(async (scope) => {
      await drain(app);
      expect(scope.intents).toEqual([]);
    });
    expect(app.get(Outbox).sent).toEqual(['welcome Ada', 'receipt 0']);
  });

  it('runs them outside the transaction it is called in', async () => {
    const app = await shopIn('capture');
    await app.get(AirlockService).run(() => app.get(MailService).welcome('Ada'));
    const frame = openFrame();
    await frame.run(() => drain(app));
    frame.rollBack();
    expect(app.get(Outbox).sent).toEqual(['welcome Ada', 'receipt 0']);
  });

  it('names the chain that goes too deep', async () => {
    const app = await shopIn('capture');
    await app.get(AirlockService).run(() => app.get(MailService).remind(1));
    const error = await errorOf<CascadeDepthError>(() => drain(app, { maxDepth: 3 }));
    expect(error).toBeInstanceOf(CascadeDepthError);
    expect(error.message).toBe(
      'Effects cascaded deeper than `maxDepth` (3): MailService.remind > MailService.nag > MailService.remind > ' +
        'MailService.nag > MailService.remind. Break the loop, or raise the limit.',
    );
    expect(app.get(Outbox).sent).toEqual(['reminder 1', 'nagging 1', 'reminder 2', 'nagging 2']);
  });

  it('runs the others where one fails, and then says which did', async () => {
    const app = await shopIn('capture');
    await app.get(AirlockService).run(async () => {
      await app.get(MailService).break();
      await app.get(MailService).sendReceipt(7);
    });
    const error = await errorOf<DispatchError>(() => drain(app));
    expect(error).toBeInstanceOf(DispatchError);
    expect(error.failures).toEqual([
      {
        intent: expect.objectContaining({ name: 'broken mail' }),
        error: new Error('SMTP is down'),
      },
    ]);
    expect(app.get(Outbox).sent).toEqual(['receipt 7']);
  });

  it('runs nothing that was cleared', async () => {
    const app = await shopIn('capture');
    await post(app, '/orders/7');
    recorderOf(app).clear();
    expect(await drain(app)).toEqual([]);
    expect(app.get(Outbox).sent).toEqual([]);
  });
});

describe('when something is at work', () => {
  it.each(['capture', 'inline', 'real'] as const)('waits for it (%s)', async (mode) => {
    const app = await shopIn(mode);
    const started = gate();
    const work = app.get(AirlockService).run(async () => {
      started.open();
      await setImmediate();
      await app.get(OrderService).place(7);
    });
    await started.opened;
    await drain(app);
    expect(app.get(Outbox).sent).toEqual(['receipt 7', 'warehouse 7']);
    await work;
  });

  it('waits for what is sent after the response', async () => {
    const app = await shopIn('inline', { dispatch: 'afterResponse' });
    await post(app, '/orders/7');
    await drain(app);
    expect(app.get(Outbox).sent).toEqual(['receipt 7', 'warehouse 7']);
  });

  it('names what does not end', async () => {
    const app = await shopIn('capture');
    const scope = app.get(AirlockService).open({ name: 'import' });
    const error = await errorOf(() => drain(app, { timeoutMs: 5 }));
    expect(error).toMatchObject({ code: 'AIRLOCK_WAIT_TIMEOUT', timeoutMs: 5 });
    expect(error.message).toBe(
      'Waited 5 ms for scopes to end. At work still: "import" (open). Await what runs in them.',
    );
    await scope.end('completed');
  });
});

describe('when an application is not under test', () => {
  it('refuses limits that are none', async () => {
    const app = await booted(shop(AirlockTestingModule.forRoot({ mode: 'capture' })));
    await expect(drain(app, { maxDepth: 0 })).rejects.toThrow(
      'Expected `maxDepth` to be a positive integer',
    );
    await expect(drain(app, { max: 3 } as never)).rejects.toThrow('Unknown option `max`.');
  });

  it('says how to put it to the test', async () => {
    const app = await booted(shopWith());
    await expect(drain(app)).rejects.toThrow('This application records no effects.');
  });
});
