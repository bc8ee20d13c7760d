// oxlint-disable typescript/unbound-method -- an effect is named by its method.
import { Test } from '@nestjs/testing';
import { AirlockModule, EffectBuffer, enqueue, SideEffect } from 'nestjs-airlock';
import { AirlockTestingModule, captureEffects, runEffect } from 'nestjs-airlock/testing';
import { of, tap } from 'rxjs';
import {
  booted,
  checkAfterEach,
  errorOf,
  MailService,
  names,
  Outbox,
  shop,
  shopWith,
} from '../fixtures.js';

checkAfterEach();

interface Order {
  readonly id: number;
  readonly note?: string;
  readonly placed?: Date;
}

const seen: unknown[] = [];

beforeEach(() => {
  seen.length = 0;
});

class Importer {
  readonly label = 'importer';

  @SideEffect()
  async import(order: Order, ...more: unknown[]): Promise<void> {
    await Promise.resolve();
    seen.push(this.label, order, ...more);
  }
  @SideEffect({ name: 'stateless' })
  async stateless(order: Order): Promise<void> {
    await Promise.resolve();
    seen.push(order);
  }
  @SideEffect()
  async fail(): Promise<void> {
    await Promise.resolve();
    throw new Error('no disk');
  }
  @SideEffect()
  async cascade(): Promise<void> {
    await this.stateless({ id: 1 });
  }
  @SideEffect({ executor: 'dated' })
  async dated(at: Date): Promise<void> {
    await Promise.resolve();
    seen.push(at);
  }
  plain(text: string): void {
    seen.push(this.label, text);
  }
  watch(text: string): unknown {
    return of(text).pipe(tap((one) => seen.push(one)));
  }
}

const importer = new Importer();

describe('when an effect is run itself', () => {
  it('runs the body on its object, and calls nothing', async () => {
    const { effects } = await captureEffects(() =>
      runEffect(importer, 'import', { id: 7 }, 'more'),
    );
    expect(seen).toEqual(['importer', { id: 7 }, 'more']);
    expect(effects).toEqual([]);
  });

  it('needs no scope', async () => {
    await runEffect(importer, 'import', { id: 7 });
    expect(seen).toEqual(['importer', { id: 7 }]);
  });

  it('hands over what would arrive at a worker', async () => {
    const order: Order = { id: -0, note: undefined };
    await runEffect(importer, 'import', order, undefined);
    expect(seen).toEqual(['importer', { id: 0 }]);
    expect(seen[1]).not.toBe(order);
    expect(seen[1]).not.toHaveProperty('note');
  });

  it('says which argument would not arrive', async () => {
    const error = await errorOf(() =>
      runEffect(importer, 'import', { id: 7, placed: new Date(0) }),
    );
    expect(error).toMatchObject({ code: 'AIRLOCK_EFFECT_SERIALIZATION', path: 'args[0].placed' });
    expect(seen).toEqual([]);
  });

  it('rejects with the error of the body', async () => {
    await expect(runEffect(importer, 'fail')).rejects.toThrow('no disk');
  });

  it('lets out what the body enqueues, and drops it with a body that fails', async () => {
    await runEffect(importer, 'cascade');
    expect(seen).toEqual([{ id: 1 }]);
    const captured = await captureEffects(() => runEffect(importer, 'cascade'));
    expect(names(captured.dispatched)).toEqual(['stateless']);
  });

  it('runs methods that are no side effects, and waits for Observables', async () => {
    await runEffect(importer, 'plain', 'text');
    await runEffect(importer, 'watch', 'stream');
    expect(seen).toEqual(['importer', 'text', 'stream']);
  });

  it('refuses a service there is none of', async () => {
    await expect(
      runEffect(undefined as unknown as typeof importer, 'import', { id: 1 }),
    ).rejects.toThrow(
      'Expected `service` to be an object with that method, or a function, got `undefined`.',
    );
  });

  it('refuses a method there is none of', async () => {
    await expect(runEffect(importer, 'imprt' as 'import', { id: 1 })).rejects.toThrow(
      'Expected `Importer.imprt` to be a method, got `undefined`.',
    );
  });
});

describe('when a function is run', () => {
  it('runs it with arguments that have travelled', async () => {
    const order = { id: 7 };
    await runEffect((given: Order) => seen.push(given, given === order), order);
    expect(seen).toEqual([{ id: 7 }, false]);
  });

  it('runs it in a scope', async () => {
    await runEffect(() => enqueue(() => seen.push('out')));
    expect(seen).toEqual(['out']);
  });

  it('runs the body of a bare method that uses no object', async () => {
    await runEffect(importer.stateless, { id: 7 });
    expect(seen).toEqual([{ id: 7 }]);
  });

  it('says what a bare method has lost', async () => {
    const error = await errorOf(() => runEffect(importer.import, { id: 7 }));
    expect(error.message).toBe(
      "`import` uses `this`, and a bare method has lost its object. Write `runEffect(service, 'import', ...args)`.",
    );
  });

  it('runs a bound method', async () => {
    await runEffect(importer.import.bind(importer), { id: 7 });
    expect(seen).toEqual(['importer', { id: 7 }]);
  });
});

describe('when the service belongs to an application', () => {
  const dated = {
    remote: true,
    execute: () => {},
    keepArguments: ({ args }: { readonly args: readonly unknown[] }) =>
      args.map((one) => new Date(one as Date)),
  };

  it('runs it in a scope of that application', async () => {
    const app = await booted(shop(AirlockTestingModule.forRoot({ mode: 'capture' })));
    await runEffect(app.get(MailService), 'welcome', 'Ada');
    expect(app.get(Outbox).sent).toEqual(['welcome Ada']);
    expect(app).toHaveDispatched(app.get(MailService).sendReceipt, 0);
  });

  it('keeps arguments as its executor does', async () => {
    const airlock = AirlockModule.forRoot({ executors: { dated } });
    const app = await booted(
      Test.createTestingModule({ imports: [airlock], providers: [Importer] }),
    );
    const date = new Date(5);
    await runEffect(app.get(Importer), 'dated', date);
    expect(seen).toEqual([new Date(5)]);
    expect(seen[0]).not.toBe(date);
  });

  it('gives functions the scope of the block they are run in', async () => {
    const app = await booted(shopWith());
    const buffer = app.get(EffectBuffer);
    const captured = await captureEffects(app, () =>
      runEffect(() => buffer.enqueue(() => seen.push('out'))),
    );
    expect(captured.dispatched).toHaveLength(1);
    expect(seen).toEqual([]);
  });
});
