import { Test } from '@nestjs/testing';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import request from 'supertest';
import {
  Airlock,
  AirlockService,
  BlockTasks,
  defer,
  EffectBuffer,
  type EffectScope,
  enqueue,
  enqueueWith,
  openFrame,
  openScope,
  runInScope,
  withPolicy,
} from 'nestjs-airlock';
import { AirlockTestingModule, captureEffects, drain } from 'nestjs-airlock/testing';
import {
  AppModule,
  booted,
  checkAfterEach,
  closing,
  drops,
  errorOf,
  gate,
  MailService,
  names,
  OrderController,
  OrderService,
  Outbox,
  post,
  shop,
  shopWith,
} from '../fixtures.js';

checkAfterEach();

const sent: string[] = [];

function send(text: string): void {
  sent.push(text);
}

/** Fails a test whose effects got out and were not taken account of. */
function keepIn(): void {
  afterEach(() => {
    expect(sent.splice(0)).toEqual([]);
  });
}

keepIn();

describe('when a block is captured', () => {
  it('lets nothing out and says what it returned and what would have gone out', async () => {
    const { result, error, effects, dispatched, dropped, failed, unfinished } =
      await captureEffects(async () => {
        enqueue(send, 'first');
        await setImmediate();
        enqueue(send, 'second');
        return 7;
      });
    expect(result).toBe(7);
    expect(error).toBeUndefined();
    expect(effects.map(({ args }) => args)).toEqual([['first'], ['second']]);
    expect(dispatched).toEqual(effects);
    expect([dropped, failed, unfinished]).toEqual([[], [], []]);
  });

  it('takes a function that is not asynchronous', async () => {
    const { result, dispatched } = await captureEffects(() => {
      enqueue(send, 'at once');
      return 'value';
    });
    expect(result).toBe('value');
    expect(names(dispatched)).toEqual(['send']);
  });

  it('hands over the scope, whose checkpoints are kept in too', async () => {
    const { dispatched, effects } = await captureEffects(async (scope) => {
      enqueue(send, 'a row');
      await scope.checkpoint();
      throw new Error('at the next row');
    });
    expect(dispatched).toEqual(effects);
  });

  it('keeps an error that the block throws, with what it dropped', async () => {
    const boom = new Error('boom');
    const captured = await captureEffects(() => {
      enqueue(send, 'lost');
      enqueueWith({ on: 'failure' }, send, 'alarm');
      throw boom;
    });
    expect(captured.error).toBe(boom);
    expect(captured.result).toBeUndefined();
    expect(drops(captured)).toEqual(['send: outcome']);
    expect(captured.dispatched.map(({ args }) => args)).toEqual([['alarm']]);
  });

  it('prints its effects, what became of each, and the error', async () => {
    const captured = await captureEffects(async () => {
      enqueue(send, 'a');
      throw new Error('no stock');
    });
    expect(inspect(captured)).toBe(
      `The block threw Error: no stock.
Enqueued:
  1. send('a') — dropped: outcome`,
    );
  });

  it('prints an error whose message is a sentence as it is', async () => {
    const captured = await captureEffects(() => Promise.reject(new Error('No stock.')));
    expect(inspect(captured)).toBe('The block threw Error: No stock.\nNothing was enqueued.');
  });

  it('says which policy dropped an effect', async () => {
    const policy = new BlockTasks(['send']);
    const { dropped } = await captureEffects(() =>
      withPolicy(policy, () => enqueue(send, 'blocked')),
    );
    expect(dropped).toEqual([
      { intent: expect.objectContaining({ name: 'send' }), reason: 'policy', policy },
    ]);
  });

  it('says which policy failed', async () => {
    const broken = new Error('no database');
    const policy = {
      allows: () => {
        throw broken;
      },
    };
    const { failed, error } = await captureEffects(() =>
      withPolicy(policy, () => enqueue(send, 'unknown')),
    );
    expect(failed).toEqual([{ intent: expect.anything(), error: broken }]);
    expect(error).toBeUndefined();
  });

  it('says that a rollback dropped an effect, although the error was swallowed', async () => {
    const captured = await captureEffects(() => {
      const frame = openFrame();
      frame.run(() => enqueue(send, 'rolled back'));
      frame.rollBack();
      enqueue(send, 'kept');
    });
    expect(drops(captured)).toEqual(['send: rollback']);
    expect(captured.dispatched.map(({ args }) => args)).toEqual([['kept']]);
  });

  it('follows nested scopes', async () => {
    const captured = await captureEffects(async () => {
      await runInScope(() => enqueue(send, 'inner'));
      await errorOf(() =>
        runInScope(() => {
          enqueue(send, 'lost');
          throw new Error('inner');
        }),
      );
    });
    expect(captured.dispatched.map(({ args }) => args)).toEqual([['inner']]);
    expect(drops(captured)).toEqual(['send: outcome']);
  });

  it('follows scopes of applications that are opened in it', async () => {
    const app = await booted(shopWith());
    const captured = await captureEffects(() =>
      app.get(AirlockService).run(() => app.get(OrderService).place(7)),
    );
    expect(captured.result).toBe('order 7');
    expect(names(captured.dispatched)).toEqual(['MailService.sendReceipt', 'notifyWarehouse']);
    expect(app.get(Outbox).sent).toEqual([]);
  });

  it('is independent of the scope around it', async () => {
    await runInScope(async (scope) => {
      const { dispatched } = await captureEffects(() => enqueue(send, 'inside'));
      expect(dispatched).toHaveLength(1);
      expect(scope.intents).toEqual([]);
    });
    const app = await booted(shopWith());
    await app.get(AirlockService).run(async (scope) => {
      const { dispatched } = await captureEffects(app, () => app.get(MailService).sendReceipt(7));
      expect(dispatched).toHaveLength(1);
      expect(scope.intents).toEqual([]);
    });
  });

  it('keeps in what a scope from before the block lets out in it', async () => {
    const scope = openScope();
    scope.run(() => enqueue(send, 'earlier'));
    const { effects, dispatched } = await captureEffects(() => scope.end('completed'));
    expect(dispatched.map(({ args }) => args)).toEqual([['earlier']]);
    expect(effects).toEqual(dispatched);
  });

  it('keeps in what it called in a scope from before, wherever that ends', async () => {
    const scope = openScope();
    const called = gate();
    const ended = called.opened.then(() => scope.end('completed'));
    const { dispatched } = await captureEffects(async () => {
      scope.run(() => enqueue(send, 'in the block'));
      called.open();
      await ended;
    });
    expect(dispatched.map(({ args }) => args)).toEqual([['in the block']]);
  });

  it('takes calls of deferred objects', async () => {
    const { dispatched } = await captureEffects(() => defer({ send }).send('deferred'));
    expect(dispatched).toHaveLength(1);
  });

  it('refuses what is no function', async () => {
    await expect(captureEffects(undefined as never)).rejects.toThrow(
      'Expected `fn` to be the function to capture the effects of, got `undefined`',
    );
    const begun = Promise.resolve();
    await expect(captureEffects(begun as never)).rejects.toThrow(
      'Expected `fn` to be the function to capture the effects of, got an object (Promise)',
    );
  });
});

describe('when an effect names its executor, and there is no application', () => {
  it('captures its call: it is not to be sent anyway', async () => {
    const captured = await captureEffects(() =>
      enqueueWith({ executor: 'mail', name: 'letter' }, () => {}),
    );
    expect(captured.error).toBeUndefined();
    expect(captured.dispatched.map(({ name, executor }) => [name, executor])).toEqual([
      ['letter', 'mail'],
    ]);
  });
});

describe('when something is left behind by a block', () => {
  it('waits for scopes that the block did not await', async () => {
    const { dispatched } = await captureEffects(() => {
      void runInScope(async () => {
        await setTimeout(20);
        enqueue(send, 'later');
      });
    });
    expect(dispatched).toHaveLength(1);
  });

  it('names a scope that does not end, and keeps in what that lets out later', async () => {
    let scope: EffectScope | undefined;
    const { unfinished, effects, dispatched } = await captureEffects(
      () => {
        scope = openScope({ name: 'import' });
        scope.run(() => enqueue(send, 'held'));
      },
      { settleTimeoutMs: 5 },
    );
    expect(unfinished.map(({ name }) => name)).toEqual(['import']);
    expect(effects).toHaveLength(1);
    expect(dispatched).toEqual([]);
    scope!.run(() => enqueue(send, 'after the block'));
    expect((await scope!.end('completed')).dispatched).toHaveLength(2);
  });

  it('keeps in what waits for a commit after the block', async () => {
    const frame = openFrame();
    const { effects, dispatched } = await captureEffects(() =>
      frame.run(() => enqueue(send, 'deferred')),
    );
    expect(effects).toHaveLength(1);
    expect(dispatched).toEqual([]);
    await frame.commit();
  });

  it('lets out what comes after it', async () => {
    await captureEffects(() => enqueue(send, 'captured'));
    await runInScope(() => enqueue(send, 'real'));
    expect(sent.splice(0)).toEqual(['real']);
  });
});

describe('when blocks run at the same time', () => {
  it('tells their effects apart', async () => {
    const both = gate();
    const [one, two] = await Promise.all([
      captureEffects(async () => {
        enqueue(send, 'one');
        await both.opened;
        enqueue(send, 'one again');
      }),
      captureEffects(async () => {
        enqueue(send, 'two');
        both.open();
        await setImmediate();
        throw new Error('two');
      }),
    ]);
    expect(one.effects.map(({ args }) => args)).toEqual([['one'], ['one again']]);
    expect(one.dropped).toEqual([]);
    expect(two.effects.map(({ args }) => args)).toEqual([['two']]);
    expect(drops(two)).toEqual(['send: outcome']);
  });

  it('gives what an inner block does to the outer one too', async () => {
    const outer = await captureEffects(async () => {
      enqueue(send, 'outer');
      const inner = await captureEffects(() => enqueue(send, 'inner'));
      expect(inner.effects.map(({ args }) => args)).toEqual([['inner']]);
    });
    expect(outer.dispatched.map(({ args }) => args)).toEqual([['inner'], ['outer']]);
  });
});

describe('when an application is captured', () => {
  it('runs the block in a scope of the application', async () => {
    const app = await booted(shopWith());
    const captured = await captureEffects(app, () => app.get(OrderService).place(7));
    expect(captured.result).toBe('order 7');
    expect(names(captured.dispatched)).toEqual(['MailService.sendReceipt', 'notifyWarehouse']);
    expect(app.get(Outbox).sent).toEqual([]);
  });

  it('takes a TestingModule', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    await closing(module).init();
    const { dispatched } = await captureEffects(module, () =>
      module.get(MailService).sendReceipt(1),
    );
    expect(names(dispatched)).toEqual(['MailService.sendReceipt']);
  });

  it('applies its policies', async () => {
    const app = await booted(shopWith({ policy: new BlockTasks(['notifyWarehouse']) }));
    const captured = await captureEffects(app, () => app.get(OrderService).place(7));
    expect(drops(captured)).toEqual(['notifyWarehouse: policy']);
  });

  it.each(['beforeResponse', 'afterResponse'] as const)(
    'follows requests (%s)',
    async (dispatch) => {
      const app = await booted(shopWith({ dispatch }));
      const { result, dispatched } = await captureEffects(app, () => post(app, '/orders/7'));
      expect(result).toBe(201);
      expect(names(dispatched)).toEqual(['MailService.sendReceipt', 'notifyWarehouse']);
      expect(app.get(Outbox).sent).toEqual([]);
    },
  );

  it('follows a request that fails', async () => {
    const app = await booted(shopWith());
    const captured = await captureEffects(app, () => post(app, '/orders/7/refused'));
    expect(captured.result).toBe(500);
    expect(names(captured.dispatched)).toEqual(['MailService.apologise']);
    expect(drops(captured)).toEqual([
      'MailService.sendReceipt: outcome',
      'notifyWarehouse: outcome',
    ]);
  });

  it('follows requests of supertest, whose server begins to listen in the block', async () => {
    const app = closing((await shopWith().compile()).createNestApplication({ logger: false }));
    await app.init();
    const order = (id: number) => request(app.getHttpServer()).post(`/orders/${id}`).expect(201);
    for (const id of [1, 2]) {
      const captured = await captureEffects(app, () => order(id));
      expect(captured.error).toBeUndefined();
      expect(captured.dispatched.map(({ args }) => args.at(-1))).toEqual([id, id]);
    }
    const refused = await captureEffects(app, () =>
      request(app.getHttpServer()).post('/orders/3/refused').expect(500),
    );
    expect(names(refused.dispatched)).toEqual(['MailService.apologise']);
    await order(4);
    expect(app.get(Outbox).sent).toEqual(['receipt 4', 'warehouse 4']);
  });

  it('gives a server that was begun in a block to whatever block comes later', async () => {
    const app = closing((await shopWith().compile()).createNestApplication({ logger: false }));
    await captureEffects(app, () => app.listen(0, '127.0.0.1'));
    const { dispatched } = await captureEffects(app, () => post(app, '/orders/1'));
    expect(dispatched.map(({ args }) => args.at(-1))).toEqual([1, 1]);
    await post(app, '/orders/2');
    expect(app.get(Outbox).sent).toEqual(['receipt 2', 'warehouse 2']);
  });

  it('leaves requests alone before and after', async () => {
    const app = await booted(shopWith());
    await post(app, '/orders/1');
    await captureEffects(app, () => post(app, '/orders/2'));
    await post(app, '/orders/3');
    expect(app.get(Outbox).sent).toEqual(['receipt 1', 'warehouse 1', 'receipt 3', 'warehouse 3']);
  });

  it('leaves a request alone that began before the block', async () => {
    const app = await booted(shopWith());
    const airlock = app.get(AirlockService);
    const during = gate();
    const long = airlock.run(async () => {
      await during.opened;
      await app.get(MailService).sendReceipt(1);
      await airlock.run(() => app.get(MailService).sendReceipt(2));
    });
    const { effects } = await captureEffects(app, async () => {
      during.open();
      await long;
    });
    expect(effects).toEqual([]);
    expect(app.get(Outbox).sent).toEqual(['receipt 1', 'receipt 2']);
  });

  it('leaves an effect alone that is at work already', async () => {
    const app = await booted(shopWith());
    const airlock = app.get(AirlockService);
    const during = gate();
    const long = airlock.run(() => {
      app.get(EffectBuffer).enqueue(async () => {
        await during.opened;
        await app.get(MailService).sendReceipt(1);
      });
    });
    const { effects } = await captureEffects(app, async () => {
      during.open();
      await long;
    });
    expect(effects).toEqual([]);
    expect(app.get(Outbox).sent).toEqual(['receipt 1']);
  });

  it('leaves alone what stands in another block', async () => {
    const app = await booted(shopWith());
    const during = gate();
    const [one, other] = await Promise.all([
      captureEffects(app, () => during.opened),
      captureEffects(async () => {
        await app.get(AirlockService).run(() => app.get(MailService).sendReceipt(1));
        during.open();
      }),
    ]);
    expect(one.effects).toEqual([]);
    expect(other.effects).toHaveLength(1);
  });

  it('leaves the mode of an application under test as it was', async () => {
    const app = await booted(shop(AirlockTestingModule.forRoot({ mode: 'capture' })));
    await captureEffects(app, () => post(app, '/orders/1'));
    await post(app, '/orders/2');
    expect((await drain(app)).map(({ args }) => args.at(-1))).toEqual([2, 2]);
    expect(app.get(Outbox).sent).toEqual(['receipt 2', 'warehouse 2']);
  });

  it('runs blocks of one application one after another, so that requests do not mix', async () => {
    const app = await booted(shopWith());
    const orders = [1, 2, 3, 4, 5];
    const captures = await Promise.all(
      orders.map((id) => captureEffects(app, () => post(app, `/orders/${id}`))),
    );
    const receipts = captures.map(({ dispatched }) => dispatched.map(({ args }) => args.at(-1)));
    expect(receipts).toEqual(orders.map((id) => [id, id]));
  });

  it('does not wait for a block that it stands in', async () => {
    const app = await booted(shopWith());
    const outer = await captureEffects(app, async () => {
      await post(app, '/orders/1');
      const inner = await captureEffects(app, () => post(app, '/orders/2'));
      expect(inner.dispatched.map(({ args }) => args.at(-1))).toEqual([2, 2]);
    });
    expect(outer.dispatched.map(({ args }) => args.at(-1))).toEqual([1, 1, 2, 2]);
  });

  it('does not hear another application', async () => {
    const one = await booted(shopWith());
    const other = await booted(shopWith());
    const { effects } = await captureEffects(one, async () => {
      const request = post(other, '/orders/1');
      await post(one, '/orders/2');
      await request;
    });
    expect(effects.map(({ args }) => args.at(-1))).toEqual([2, 2]);
    expect(other.get(Outbox).sent).toEqual(['receipt 1', 'warehouse 1']);
  });

  it('has nothing to do with the order in which two applications are captured', async () => {
    const one = await booted(shopWith());
    const other = await booted(shopWith());
    const both = gate();
    const captures = await Promise.all([
      captureEffects(one, async () => {
        await both.opened;
        await post(one, '/orders/1');
      }),
      captureEffects(other, async () => {
        both.open();
        await post(other, '/orders/2');
      }),
    ]);
    expect(captures.map(({ effects }) => effects.map(({ args }) => args.at(-1)))).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('refuses what is no application, and one without an airlock', async () => {
    await expect(captureEffects({} as never, () => {})).rejects.toThrow(
      'Expected `app` to be a Nest application or TestingModule, got an object (Object).',
    );
    // As where a hook of the test has failed to start it.
    await expect(captureEffects(undefined as never, () => {})).rejects.toThrow(
      'Expected `app` to be a Nest application or TestingModule, got `undefined`.',
    );
    const bare = closing(await Test.createTestingModule({}).compile());
    await expect(captureEffects(bare, () => {})).rejects.toThrow(
      'This application has no `AirlockModule`.',
    );
  });

  it('says when the application is closing', async () => {
    const app = await booted(shopWith());
    await app.close();
    await expect(captureEffects(app, () => {})).rejects.toMatchObject({
      code: 'AIRLOCK_SHUTTING_DOWN',
    });
  });
});

describe('when a block calls what fails in a scope of its own', () => {
  class Job {
    constructor(private readonly mail: MailService) {}

    @Airlock()
    async run(): Promise<void> {
      await this.mail.sendReceipt(7);
      await this.mail.apologise(7);
      throw new Error('out of stock');
    }
  }

  it('lets out what it has for failures, where the block deals with the error', async () => {
    const app = await booted(shopWith());
    const job = new Job(app.get(MailService));
    const captured = await captureEffects(app, () =>
      expect(job.run()).rejects.toThrow('out of stock'),
    );
    expect(names(captured.dispatched)).toEqual(['MailService.apologise']);
    expect(drops(captured)).toEqual(['MailService.sendReceipt: outcome']);
  });

  it('drops that too where the block fails with it, as every scope around another does', async () => {
    const app = await booted(shopWith());
    const mail = app.get(MailService);
    const captured = await captureEffects(app, () => new Job(mail).run());
    expect(captured.error).toMatchObject({ message: 'out of stock' });
    expect(names(captured.dispatched)).toEqual([]);
    expect(drops(captured).sort()).toEqual([
      'MailService.apologise: outcome',
      'MailService.sendReceipt: outcome',
    ]);
  });

  it('knows no failure of a handler without a boundary, which is what an HTTP handler is when a test calls it', async () => {
    const app = await booted(shopWith());
    const captured = await captureEffects(app, () =>
      expect(app.get(OrderController).refuse('7')).rejects.toThrow('out of stock'),
    );
    expect(drops(captured)).toEqual(['MailService.apologise: outcome']);
    const requested = await captureEffects(app, () => post(app, '/orders/7/refused'));
    expect(names(requested.dispatched)).toEqual(['MailService.apologise']);
  });
});
