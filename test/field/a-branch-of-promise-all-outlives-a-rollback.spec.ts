import { Injectable } from '@nestjs/common';
import { CommandBus, CommandHandler, CqrsModule, type ICommandHandler } from '@nestjs/cqrs';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { AirlockService, enqueue, trackTransactions, openFrame, runInScope } from 'nestjs-airlock';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { boot, checkAfterEach, Effects } from '../e2e/http/fixtures.js';

checkAfterEach();

/**
 * What a client's own `transaction` does as far as frames can tell: resolves after COMMIT, rejects
 * after ROLLBACK.
 */
const transaction = trackTransactions(
  async <T>(callback: (tx: undefined) => Promise<T>): Promise<T> => callback(undefined),
  () => openFrame({ name: 'orders' }),
);

const noStock = async (): Promise<never> => {
  throw new Error('no stock');
};

/**
 * A transaction that one branch rolls back, whose error is swallowed, while the other has not got
 * to its effect yet.
 */
const rolledBackBefore = async (slow: () => Promise<unknown>): Promise<void> => {
  let branch!: Promise<unknown>;
  await transaction(() => Promise.all([noStock(), (branch = slow())])).catch(() => {});
  await branch;
};

@Injectable()
class Listener {
  constructor(private readonly effects: Effects) {}

  @OnEvent('placed', { suppressErrors: false })
  async onPlaced(text: string): Promise<void> {
    await setTimeout(5);
    this.effects.one(text);
  }
}
Reflect.defineMetadata('design:paramtypes', [Effects], Listener);

class Notify {
  constructor(readonly text: string) {}
}

@CommandHandler(Notify)
class NotifyHandler implements ICommandHandler<Notify> {
  constructor(private readonly effects: Effects) {}

  async execute({ text }: Notify): Promise<void> {
    await setTimeout(5);
    this.effects.one(text);
  }
}
Reflect.defineMetadata('design:paramtypes', [Effects], NotifyHandler);

const start = () =>
  boot({
    imports: [EventEmitterModule.forRoot(), CqrsModule.forRoot()],
    providers: [Listener, NotifyHandler],
  });

describe('when the slow branch of a Promise.all resumes after the rollback', () => {
  it('drops its effect although the request completes, and lets out those called around it', async () => {
    const { app, fate } = await start();
    const effects = app.get(Effects);
    await app.get(AirlockService).run(async () => {
      effects.one('received');
      await rolledBackBefore(async () => {
        await setTimeout(5);
        effects.one('mail');
      });
      effects.one('put on the waiting list');
    });
    expect(await fate()).toEqual({
      out: ['received', 'put on the waiting list'],
      dropped: ['mail'],
    });
  });

  it('says so in the report of the scope, with the reason of a rollback', async () => {
    const { app } = await start();
    const scope = app.get(AirlockService).open();
    await scope.run(() =>
      rolledBackBefore(async () => (await setTimeout(5), enqueue(function mail() {}))),
    );
    const { dropped } = await scope.end('completed');
    expect(dropped.map(({ intent, reason }) => [intent.name, reason])).toEqual([
      ['mail', 'rollback'],
    ]);
  });

  it('lets it out after a commit', async () => {
    const { app, fate } = await start();
    const effects = app.get(Effects);
    await app.get(AirlockService).run(async () => {
      let branch!: Promise<void>;
      await transaction(async () => {
        branch = setTimeout(5).then(() => effects.one('mail'));
      });
      await branch;
    });
    expect(await fate()).toEqual({ out: ['mail'], dropped: [] });
  });

  it('drops it in a savepoint of a transaction that commits', async () => {
    const { app, fate } = await start();
    const effects = app.get(Effects);
    await app.get(AirlockService).run(async () => {
      const root = openFrame();
      await root.run(async () => {
        const savepoint = root.savepoint();
        const branch = savepoint.run(async () => (await setTimeout(5), effects.one('gift note')));
        savepoint.rollBack();
        await branch;
        effects.one('mail');
        await root.beforeCommit();
      });
      await root.commit();
    });
    expect(await fate()).toEqual({ out: ['mail'], dropped: ['gift note'] });
  });
});

describe('when a listener or handler that awaits first is called in a transaction that rolls back', () => {
  it.each<[string, (app: Awaited<ReturnType<typeof start>>['app']) => Promise<unknown>]>([
    ['an @OnEvent listener', (app) => app.get(EventEmitter2).emitAsync('placed', 'mail')],
    ['a CQRS handler', (app) => app.get(CommandBus).execute(new Notify('mail'))],
    [
      'a listener of an event that is emitted after the rollback',
      async (app) => {
        await setTimeout(5);
        await app.get(EventEmitter2).emitAsync('placed', 'mail');
      },
    ],
  ])('drops the effect of %s', async (_name, slow) => {
    const { app, fate } = await start();
    await app.get(AirlockService).run(() => rolledBackBefore(() => slow(app)));
    expect(await fate()).toEqual({ out: [], dropped: ['mail'] });
  });

  it('drops it where there is no scope around the transaction either', async () => {
    const { app, fate } = await start();
    await rolledBackBefore(() => app.get(EventEmitter2).emitAsync('placed', 'mail'));
    expect(await fate()).toEqual({ out: [], dropped: ['mail'] });
  });
});

describe('when a poller was started in a transaction that rolled back', () => {
  it('is heard again once the request is over', async () => {
    const { app, fate } = await start();
    const effects = app.get(Effects);
    const airlock = app.get(AirlockService);
    let tick!: () => void;
    const ticks: Promise<unknown>[] = [];
    await airlock.run(() =>
      rolledBackBefore(async () => {
        let go!: (value: unknown) => void;
        const told = new Promise((resolve) => (go = resolve));
        tick = () => go(undefined);
        ticks.push(told.then(() => airlock.run(() => effects.one('tick'))));
      }),
    );
    tick();
    await Promise.all(ticks);
    expect(await fate()).toEqual({ out: ['tick'], dropped: [] });
  });

  it('is heard where there was no request', async () => {
    const heard: string[] = [];
    let timer!: NodeJS.Timeout;
    await rolledBackBefore(async () => {
      timer = setInterval(
        () => void runInScope(() => enqueue((text: string) => void heard.push(text), 'tick')),
        1,
      );
    });
    while (heard.length < 3) await setTimeout(1);
    clearInterval(timer);
    expect(heard.slice(0, 3)).toEqual(['tick', 'tick', 'tick']);
  });

  it('has transactions of its own, which share nothing with that one', async () => {
    const heard: string[] = [];
    const tell = (text: string): void => void heard.push(text);
    await rolledBackBefore(async () => {
      await setImmediate();
      await runInScope(async () => {
        await transaction(async () => enqueue(tell, 'kept'));
        await transaction(async () => (enqueue(tell, 'lost'), noStock())).catch(() => {});
        enqueue(tell, 'after');
      });
    });
    expect(heard).toEqual(['kept', 'after']);
  });
});

describe('when effects outside a scope are dispatched at once', () => {
  it('drops those that work left behind by a rollback calls', async () => {
    const { app, fate } = await boot({}, { outsideScope: 'dispatch' });
    const effects = app.get(Effects);
    await rolledBackBefore(async () => (await setTimeout(5), effects.one('mail')));
    effects.one('alone');
    expect(await fate()).toEqual({ out: ['alone'], dropped: ['mail'] });
  });
});
