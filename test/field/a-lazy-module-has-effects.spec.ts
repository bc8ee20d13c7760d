import { Injectable, Module, type ModuleMetadata, Scope, type Type } from '@nestjs/common';
import { LazyModuleLoader, type ModuleRef } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import {
  type AirlockModuleOptions,
  AirlockOptionsError,
  AirlockService,
  EffectBuffer,
  type Intent,
  type Policy,
  SideEffect,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import { EffectWorker } from '../../lib/nest/remote/effect-worker.js';
import { boot, checkAfterEach } from '../e2e/http/fixtures.js';
import { errorOf } from '../unit/core/fixtures.js';

checkAfterEach();

const out: string[] = [];
beforeEach(() => void (out.length = 0));

@Injectable()
class Stock {
  @SideEffect()
  async reserve(item: string): Promise<void> {
    out.push(`reserved ${item}`);
  }
}

@Module({ providers: [Stock], exports: [Stock] })
class StockModule {}

/** What the lazy module blocks, which the policy is built with. */
@Injectable()
class Blocked {
  readonly items: readonly string[] = ['unicorn'];
}

@Injectable()
class NoUnicorns implements Policy {
  constructor(private readonly blocked: Blocked) {}

  allows({ args }: Intent): boolean {
    return !this.blocked.items.includes(String(args[0]));
  }
}

@Injectable()
class Invoices {
  constructor(readonly effects: EffectBuffer) {}

  @SideEffect()
  async send(item: string): Promise<void> {
    out.push(`invoice for ${item}`);
  }

  @SideEffect()
  @UseAirlockPolicy(NoUnicorns)
  async print(item: string): Promise<void> {
    out.push(`printed ${item}`);
  }

  @OnEvent('paid')
  async onPaid(item: string): Promise<void> {
    this.effects.enqueueWith({ name: 'receipt' }, () => void out.push(`receipt for ${item}`));
    if (item === 'unicorn') throw new Error('no such thing');
  }
}

@Injectable({ scope: Scope.REQUEST })
class Reminders {
  @SideEffect()
  async send(item: string): Promise<void> {
    out.push(`reminder of ${item}`);
  }
}

@Module({ imports: [StockModule], providers: [Blocked, Invoices, Reminders] })
class BillingModule {}

const envelope = (effect: string, ...args: unknown[]) => ({
  v: 1,
  id: 'a:1',
  effect,
  args,
  at: '2026-01-01T00:00:00Z',
});

async function bootWith(options: AirlockModuleOptions = {}, metadata: ModuleMetadata = {}) {
  const { app, log, fate } = await boot(metadata, options);
  const loader = app.get(LazyModuleLoader);
  return { app, log, fate, load: (type: Type): Promise<ModuleRef> => loader.load(() => type) };
}

describe('when a module is loaded lazily', () => {
  it('a worker in the same process runs its effects, those of what it imports and of request-scoped providers', async () => {
    const { app, load } = await bootWith();
    await load(BillingModule);
    const worker = app.get(EffectWorker, { strict: false });
    await worker.run(envelope('Invoices.send', 'tea'));
    await worker.run(envelope('Stock.reserve', 'tea'));
    await worker.run(envelope('Reminders.send', 'tea'));
    expect(out).toEqual(['invoice for tea', 'reserved tea', 'reminder of tea']);
  });

  it('its effects are listed with the others, once', async () => {
    const { app, load } = await bootWith();
    await Promise.all([load(BillingModule), load(StockModule), load(BillingModule)]);
    await load(BillingModule);
    expect(
      app
        .get(AirlockService)
        .explain()
        .effects.map(({ name }) => name)
        .toSorted(),
    ).toEqual(['Invoices.print', 'Invoices.send', 'Reminders.send', 'Stock.reserve']);
  });

  it('its effects go out at once outside a scope where that is the option', async () => {
    const { fate, load } = await bootWith({ outsideScope: 'dispatch' });
    const billing = await load(BillingModule);
    await billing.get(Invoices).send('tea');
    await billing.get(Stock, { strict: false }).reserve('tea');
    await (await billing.resolve(Reminders)).send('tea');
    await fate();
    expect(out).toEqual(['invoice for tea', 'reserved tea', 'reminder of tea']);
  });

  it('a policy class on its providers is built with what the module provides', async () => {
    const { app, fate, load } = await bootWith();
    const invoices = (await load(BillingModule)).get(Invoices);
    await app.get(AirlockService).run(async () => {
      await invoices.print('tea');
      await invoices.print('unicorn');
    });
    await fate();
    expect(out).toEqual(['printed tea']);
  });

  it('its listeners are units of work once somebody subscribes them', async () => {
    const { app, fate, load } = await bootWith({}, { imports: [EventEmitterModule.forRoot()] });
    const invoices = (await load(BillingModule)).get(Invoices);
    const emitter = app.get(EventEmitter2);
    emitter.on('paid', invoices.onPaid.bind(invoices) as (item: string) => void);
    await emitter.emitAsync('paid', 'tea');
    await expect(emitter.emitAsync('paid', 'unicorn')).rejects.toThrow('no such thing');
    expect((await fate()).dropped).toEqual(['receipt']);
    expect(out).toEqual(['receipt for tea']);
  });

  it('a policy may name its effects from then on without a warning', async () => {
    const { app, log, load } = await bootWith();
    const invoices = (await load(BillingModule)).get(Invoices);
    const policy = { namedEffects: ['Invoices.send'], allows: () => false };
    await app.get(AirlockService).run({ policy }, () => invoices.send('tea'));
    expect(log.airlock('warn')).toEqual([]);
    expect(out).toEqual([]);
  });

  it('a provider that `intercept` names is intercepted in it', async () => {
    @Injectable()
    class Mailer {
      send(to: string): void {
        out.push(`mail to ${to}`);
      }
    }
    @Module({ providers: [Mailer] })
    class MailModule {}
    const { app, load } = await bootWith({
      intercept: [{ token: Mailer, methods: ['send'], optional: true }],
    });
    const mailer = (await load(MailModule)).get(Mailer);
    const failed = app.get(AirlockService).run(() => {
      mailer.send('ada');
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(out).toEqual([]);
  });
});

describe('when a lazy module has a mistake', () => {
  @UseAirlockPolicy({ allows: () => false })
  @Injectable()
  class Misplaced {}

  @Module({ providers: [Misplaced] })
  class MistakenModule {}

  it('the load fails and names it, each time, and others do not', async () => {
    const { load } = await bootWith();
    for (const _ of [1, 2]) {
      const error = await errorOf(() => load(MistakenModule));
      expect(error).toBeInstanceOf(AirlockOptionsError);
      expect(error.message).toContain('`@UseAirlockPolicy()` on `Misplaced` has no effect');
    }
    await load(BillingModule);
  });
});

describe('when two overlapping loads import a module that is slow to build', () => {
  it('the effects of that module are known when it is built', async () => {
    let finish = (): void => {};
    const built = new Promise<void>((resolve) => (finish = resolve));
    @Injectable()
    class Slow {
      @SideEffect()
      async send(): Promise<void> {
        out.push('slow');
      }
    }
    @Module({
      providers: [
        { provide: 'GATE', useFactory: () => built },
        { provide: Slow, inject: ['GATE'], useFactory: () => new Slow() },
      ],
    })
    class SlowModule {}
    @Module({ imports: [SlowModule] })
    class One {}
    @Module({ imports: [SlowModule] })
    class Other {}

    const { app, load } = await bootWith({ outsideScope: 'dispatch' });
    const loads = [load(One), load(Other), load(SlowModule)];
    setImmediate(finish);
    const [, , slow] = await Promise.all(loads);
    await slow!.get(Slow).send();
    await app.get(EffectWorker, { strict: false }).run(envelope('Slow.send'));
    expect(out).toEqual(['slow', 'slow']);
  });
});
