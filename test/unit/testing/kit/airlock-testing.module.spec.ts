// oxlint-disable typescript/unbound-method -- an effect is named by its method.
import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AirlockModule,
  AirlockService,
  DropAll,
  type Intent,
  openFrame,
  PolicyViolationError,
  SideEffect,
} from 'nestjs-airlock';
import {
  AirlockTestingModule,
  type AirlockTestingOptions,
  recorderOf,
  type TestingMode,
} from 'nestjs-airlock/testing';
import {
  AppModule,
  booted,
  checkAfterEach,
  closing,
  errorOf,
  MailService,
  names,
  notifyWarehouse,
  OrderService,
  Outbox,
  post,
  shop,
  shopWith,
} from '../fixtures.js';

checkAfterEach();

/** What would need a server. */
const engine = {
  jobs: [] as string[],
  remote: true,
  execute: ({ name }: Intent) => void engine.jobs.push(name),
};

/** What would write through the connection of a transaction. */
const table = {
  rows: [] as string[],
  transactional: true,
  execute: ({ name }: Intent) => void table.rows.push(name),
};

beforeEach(() => {
  engine.jobs.length = 0;
  table.rows.length = 0;
});

class Newsletter {
  readonly sent: string[] = [];

  @SideEffect({ executor: 'engine' })
  async send(to: string): Promise<void> {
    await Promise.resolve();
    this.sent.push(to);
  }
  @SideEffect({ executor: 'table' })
  async archive(to: string): Promise<void> {
    await Promise.resolve();
    this.sent.push(`archived ${to}`);
  }
}

function newsletter(options: AirlockTestingOptions) {
  const airlock = AirlockTestingModule.forRoot({ executors: { engine, table }, ...options });
  return booted(Test.createTestingModule({ imports: [airlock], providers: [Newsletter] }));
}

@Module({
  imports: [
    AirlockModule.forRootAsync({
      useFactory: () => ({ policy: DropAll, executors: { engine, table } }),
    }),
  ],
  providers: [Newsletter],
})
class AsyncAppModule {}

@Module({
  imports: [AirlockModule.forRoot({ executors: { engine, table } })],
  providers: [Newsletter],
})
class SyncAppModule {}

const shops = [
  ['imported', (options: AirlockTestingOptions) => shop(AirlockTestingModule.forRoot(options))],
  [
    'an override',
    (options: AirlockTestingOptions) =>
      AirlockTestingModule.override(Test.createTestingModule({ imports: [AppModule] }), options),
  ],
] as const;

describe.each(shops)('when AirlockTestingModule is %s', (_, build) => {
  it('keeps in and records what is captured', async () => {
    const app = await booted(build({ mode: 'capture' }));
    await expect(post(app, '/orders/7')).resolves.toBe(201);
    expect(app.get(Outbox).sent).toEqual([]);
    expect(names(recorderOf(app).dispatched)).toEqual([
      'MailService.sendReceipt',
      'notifyWarehouse',
    ]);
  });

  it('runs what is inline', async () => {
    const app = await booted(build({ mode: 'inline' }));
    await post(app, '/orders/7');
    expect(app.get(Outbox).sent).toEqual(['receipt 7', 'warehouse 7']);
    expect(names(recorderOf(app).dispatched)).toEqual([
      'MailService.sendReceipt',
      'notifyWarehouse',
    ]);
  });

  it('drops what is to be dropped, as DropAll does', async () => {
    const app = await booted(build({ mode: 'drop' }));
    await expect(post(app, '/orders/7')).resolves.toBe(201);
    expect(app.get(Outbox).sent).toEqual([]);
    expect(app).toHaveDropped(notifyWarehouse, { reason: 'policy', policy: DropAll });
    expect(app).toHaveNoEffects();
  });

  it('refuses every call where none is expected, and remembers it', async () => {
    const app = await booted(build({ mode: 'assertNone' }));
    await expect(post(app, '/orders/7')).resolves.toBe(500);
    const error = await errorOf(() =>
      app.get(AirlockService).run(() => app.get(OrderService).place(7)),
    );
    expect(error).toBeInstanceOf(PolicyViolationError);
    expect(names(recorderOf(app).refused)).toEqual([
      'MailService.sendReceipt',
      'MailService.sendReceipt',
    ]);
    expect(app).not.toHaveNoEffects();
  });

  it('records what really goes out', async () => {
    const app = await booted(build({ mode: 'real' }));
    await post(app, '/orders/7/refused');
    expect(app.get(Outbox).sent).toEqual(['apology 7']);
    expect(app).toHaveDispatched(app.get(MailService).apologise, 7);
    expect(app).toHaveDropped(app.get(MailService).sendReceipt, { reason: 'outcome' });
  });

  it('lets the rest run where only some are faked', async () => {
    const app = await booted(
      build({ mode: 'capture', fakeOnly: [MailService.prototype.sendReceipt] }),
    );
    await post(app, '/orders/7');
    expect(app.get(Outbox).sent).toEqual(['warehouse 7']);
    expect(names(recorderOf(app).dispatched)).toEqual([
      'MailService.sendReceipt',
      'notifyWarehouse',
    ]);
  });

  it('keeps in only those that `fakeOnly` names', async () => {
    const app = await booted(
      build({ mode: 'capture', fakeOnly: [MailService.prototype.sendReceipt] }),
    );
    await post(app, '/orders/7');
    expect(app.get(Outbox).sent).toEqual(['warehouse 7']);
  });

  it.each<[TestingMode, number]>([
    ['drop', 201],
    ['assertNone', 201],
    ['inline', 201],
  ])('lets the rest run in mode %s too', async (mode, status) => {
    const app = await booted(build({ mode, fakeOnly: ['broken mail', notifyOthers] }));
    await expect(post(app, '/orders/7')).resolves.toBe(status);
    expect(app.get(Outbox).sent).toEqual(['receipt 7', 'warehouse 7']);
  });

  it('takes options of AirlockModule', async () => {
    const app = await booted(
      build({ mode: 'capture', boundaries: { http: false }, outsideScope: 'drop' }),
    );
    await post(app, '/orders/7');
    expect(app).toHaveDropped('notifyWarehouse', { reason: 'outsideScope' });
  });

  it('forgets on demand', async () => {
    const app = await booted(build({ mode: 'capture' }));
    await post(app, '/orders/7');
    recorderOf(app).clear();
    expect(recorderOf(app)).toMatchObject({ effects: [], dispatched: [], dropped: [], failed: [] });
  });

  it('refuses a mode there is none of, and what names no effect', async () => {
    await expect(build({ mode: 'fake' as never }).compile()).rejects.toThrow(
      "Expected `mode` to be one of 'capture', 'inline', 'drop', 'assertNone', 'real', got `fake` (string).",
    );
    await expect(build({ mode: 'drop', fakeOnly: [undefined as never] }).compile()).rejects.toThrow(
      'Expected `effect` to be a method, a function or a name of an effect, got `undefined`.',
    );
    await expect(build({ mode: 'drop', fakeOnly: 'ship' as never }).compile()).rejects.toThrow(
      'Expected `fakeOnly` to be an array of effects, got `ship` (string).',
    );
    await expect(async () =>
      build({ mode: 'drop', dispach: 1 } as never).compile(),
    ).rejects.toThrow('dispach');
  });
});

function notifyOthers(): void {}

describe('when a test overrides what is no builder', () => {
  it('is told to do so before it compiles', async () => {
    const compiled = await Test.createTestingModule({}).compile();
    expect(() => AirlockTestingModule.override(compiled as never, { mode: 'capture' })).toThrow(
      'Expected `builder` to be what `Test.createTestingModule(…)` returns, before it is compiled, got an object (TestingModule).',
    );
    await compiled.close();
  });
});

describe('when an application has its options from elsewhere', () => {
  it.each([
    ['forRoot', SyncAppModule, ['Newsletter.send']],
    ['forRootAsync', AsyncAppModule, []],
  ])('leaves them in force (%s)', async (__, module, dispatched) => {
    const builder = Test.createTestingModule({ imports: [module] });
    const app = await booted(AirlockTestingModule.override(builder, { mode: 'capture' }));
    await app.get(AirlockService).run(() => app.get(Newsletter).send('all'));
    expect(names(recorderOf(app).dispatched)).toEqual(dispatched);
    expect(engine.jobs).toEqual([]);
  });
});

describe('when effects are for a remote executor', () => {
  it('runs them in this process when inline, with arguments as they arrive', async () => {
    const app = await newsletter({ mode: 'inline' });
    await app.get(AirlockService).run(() => app.get(Newsletter).send('all'));
    expect(app.get(Newsletter).sent).toEqual(['all']);
    expect(engine.jobs).toEqual([]);
    const refused = app
      .get(AirlockService)
      .run(() => app.get(Newsletter).send(new Date() as never));
    await expect(refused).rejects.toMatchObject({ code: 'AIRLOCK_EFFECT_SERIALIZATION' });
  });

  it('hands them to it where others are faked', async () => {
    const app = await newsletter({ mode: 'inline', fakeOnly: ['Newsletter.archive'] });
    await app.get(AirlockService).run(() => app.get(Newsletter).send('all'));
    expect(engine.jobs).toEqual(['Newsletter.send']);
  });

  it('keeps them in when they are captured', async () => {
    const app = await newsletter({ mode: 'capture' });
    await app.get(AirlockService).run(() => app.get(Newsletter).send('all'));
    expect(app).toHaveDispatched(app.get(Newsletter).send, 'all');
    expect([engine.jobs, app.get(Newsletter).sent]).toEqual([[], []]);
  });
});

describe('when effects are for a transactional executor', () => {
  it('runs them after the commit when inline', async () => {
    const app = await newsletter({ mode: 'inline' });
    const { sent } = app.get(Newsletter);
    await app.get(AirlockService).run(async () => {
      const frame = openFrame();
      await frame.run(() => app.get(Newsletter).archive('all'));
      await frame.beforeCommit();
      expect(sent).toEqual([]);
      await frame.commit();
      expect(sent).toEqual(['archived all']);
    });
    expect(table.rows).toEqual([]);
  });

  it('runs nothing where the commit fails, and records that it was dropped', async () => {
    const app = await newsletter({ mode: 'inline' });
    await app.get(AirlockService).run(async () => {
      const frame = openFrame();
      await frame.run(() => app.get(Newsletter).archive('all'));
      await frame.beforeCommit();
      frame.rollBack();
    });
    expect(app.get(Newsletter).sent).toEqual([]);
    expect(app).toHaveDropped('Newsletter.archive', { reason: 'rollback' });
    expect(app).not.toHaveDispatched('Newsletter.archive');
  });

  it('runs them at once outside a transaction', async () => {
    const app = await newsletter({ mode: 'inline' });
    await app.get(AirlockService).run(() => app.get(Newsletter).archive('all'));
    expect(app.get(Newsletter).sent).toEqual(['archived all']);
  });
});

describe('when several applications are tested', () => {
  it('records each by itself', async () => {
    const one = await booted(shop(AirlockTestingModule.forRoot({ mode: 'capture' })));
    const other = await booted(shop(AirlockTestingModule.forRoot({ mode: 'inline' })));
    await Promise.all([post(one, '/orders/1'), post(other, '/orders/2')]);
    expect(recorderOf(one).dispatched.map(({ args }) => args.at(-1))).toEqual([1, 1]);
    expect(recorderOf(other).dispatched.map(({ args }) => args.at(-1))).toEqual([2, 2]);
    expect(one.get(Outbox).sent).toEqual([]);
    expect(other.get(Outbox).sent).toEqual(['receipt 2', 'warehouse 2']);
  });
});

describe('when an application is not under test', () => {
  it('says how to put it to the test', async () => {
    const app = await booted(shopWith());
    expect(() => recorderOf(app)).toThrow(
      'This application records no effects. Compile it with `AirlockTestingModule.override(Test.createTestingModule({ imports: [AppModule] }), { mode })`',
    );
    const bare = closing(await Test.createTestingModule({}).compile());
    expect(() => recorderOf(bare)).toThrow('This application has no `AirlockModule`.');
  });
});

describe('when the boot of an application fails', () => {
  const fails = (): never => {
    throw new Error('no database');
  };
  class NoDatabase {
    readonly onModuleInit = fails;
  }

  // The check after each test finds who is still subscribed.
  it.each([
    ['while its providers are made', { provide: 'database', useFactory: fails }],
    ['while they are initialised', NoDatabase],
  ])('leaves nobody listening: %s', async (_, provider) => {
    const builder = Test.createTestingModule({
      imports: [AirlockTestingModule.forRoot({ mode: 'capture' })],
      providers: [provider],
    });
    await expect(builder.compile().then((app) => app.init())).rejects.toThrow('no database');
  });
});

describe('when an application is compiled and not initialised', () => {
  it('records it all the same', async () => {
    const app = closing(await shop(AirlockTestingModule.forRoot({ mode: 'capture' })).compile());
    await app.get(AirlockService).run(() => app.get(MailService).sendReceipt(7));
    expect(app).toHaveDispatched(MailService.prototype.sendReceipt, 7);
  });
});
