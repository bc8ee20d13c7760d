import { detached, enqueueWith, NoScopeError, runInScope } from 'nestjs-airlock';
import { captureInEveryTest, drain } from 'nestjs-airlock/testing';
import type { AirlockInspectorOptions } from 'nestjs-airlock/inspector';
import type {
  EffectView,
  StateView,
  UnitView,
} from '../../../lib/integrations/inspector/view/inspector.view.js';
import { checkAfterEach, platforms, serve } from '../../e2e/http/fixtures.js';
import { MARKUP, OrdersController, shop, WarehouseClient } from './shop.js';

checkAfterEach();

const [[, platform]] = platforms as never as [(typeof platforms)[0]];

async function open(options?: AirlockInspectorOptions, airlock?: Parameters<typeof shop>[2]) {
  const running = await serve(platform, shop(options, {}, airlock));
  const state = async (): Promise<StateView> =>
    JSON.parse((await running.request('/airlock/state')).body) as StateView;
  return {
    ...running,
    state,
    post: (path: string) => running.request(`/orders/${path}`, { method: 'POST' }),
    /** What is known of the one unit of work that a request makes. */
    unitOf: async (path: string): Promise<UnitView> => {
      await running.request(`/orders/${path}`, { method: 'POST' });
      await drain(running.app);
      const { units } = await state();
      expect(units).toHaveLength(1);
      return units[0]!;
    },
  };
}

const sentences = ({ effects }: UnitView) =>
  effects.map(({ name, sentence }) => `${name}: ${sentence}`);

describe('when effects get out', () => {
  it('shows where they were called, how the work ended, and what ran them', async () => {
    const { unitOf } = await open();
    const unit = await unitOf('');
    expect(unit).toMatchObject({
      entryPoint: 'OrdersController.place',
      kind: 'http',
      state: 'ended',
      outcome: 'completed',
      durationMs: expect.any(Number),
      transactions: [],
      more: 0,
    });
    expect(unit.effects[0]).toMatchObject({
      name: 'MailService.sendReceipt',
      state: 'sent',
      executor: 'in process',
      durationMs: expect.any(Number),
    });
    expect(sentences(unit)).toEqual([
      'MailService.sendReceipt: Ran without an error.',
      'WarehouseClient.reserve: Ran without an error.',
    ]);
  });

  it('shows no arguments, and no place of the call', async () => {
    const { unitOf, state } = await open();
    const { effects } = await unitOf('');
    expect(effects.some((effect) => 'args' in effect || 'place' in effect)).toBe(false);
    expect(JSON.stringify(await state())).not.toContain('ada@example.com');
  });

  it('names the transaction that they waited for', async () => {
    const { unitOf } = await open();
    expect((await unitOf('committed')).transactions).toEqual([
      { name: 'orders', fate: 'committed' },
    ]);
  });

  it('keeps a hundred of one unit of work, and counts the others', async () => {
    const { unitOf, state } = await open();
    const { effects, more, state: stands } = await unitOf('many/130');
    expect([effects.length, more, stands]).toEqual([100, 30, 'ended']);
    expect((await state()).totals.sent).toBe(130);
  });
});

describe('when something does not get out', () => {
  it.each([
    ['by-staff', 'MailService.sendReceipt: Dropped: BlockTasks on the route said no.', 'policy'],
    ['unpaid', 'MailService.sendReceipt: Dropped because the request failed', 'outcome'],
    ['counted', 'WarehouseClient.reserve: Dropped: DropAll on Stocktaking.run said no.', 'policy'],
    [
      'rolled-back',
      'MailService.sendReceipt: Dropped because transaction "orders" was rolled back.',
      'rollback',
    ],
    [
      'twice',
      'MailService.sendNewsletter: Dropped: another call under the same dedupe key goes out',
      'duplicate',
    ],
    ['late', 'MailService.sendReceipt: Dropped: it was called after its scope had ended.', 'late'],
  ])('says after /orders/%s: %s', async (path, sentence, reason) => {
    const { post, state } = await open();
    await post(path);
    const { units, totals } = await eventually(state, ({ units: [unit] }) => has(unit, 'dropped'));
    expect(sentences(units[0]!)).toContainEqual(expect.stringContaining(sentence));
    expect(totals.dropped[reason]).toBeGreaterThan(0);
  });

  it('says of which policy of the application it was', async () => {
    const { unitOf } = await open(
      {},
      { policy: { allows: () => false, constructor: class Curfew {} } as never },
    );
    expect(sentences(await unitOf(''))[0]).toBe(
      'MailService.sendReceipt: Dropped: Curfew of the application said no.',
    );
  });

  it('shows the class of the error of one that failed, and not its message', async () => {
    const { unitOf, state } = await open();
    expect((await unitOf('sold-out')).effects).toMatchObject([
      {
        state: 'failed',
        error: 'Error',
        sentence: 'Failed when it ran.',
      },
    ]);
    expect((await state()).totals).toEqual({ sent: 0, failed: 1, dropped: {} });
  });

  it('names the nested scope that it was called in', async () => {
    const { unitOf } = await open();
    expect((await unitOf('counted')).effects[0]).toMatchObject({
      name: 'WarehouseClient.reserve',
      within: 'Stocktaking.run',
    });
  });
});

describe('when an effect does not end', () => {
  it('shows its unit of work as one whose effects are under way, whatever came after it', async () => {
    const { post, state, app } = await open({ capacity: 1 });
    void post('held');
    await eventually(state, ({ units }) => units.length === 1);
    for (let i = 0; i < 3; i++) await post('');
    const held = (await state()).units.find(
      ({ entryPoint }) => entryPoint === 'OrdersController.held',
    );
    expect(held).toMatchObject({ state: 'ending', outcome: 'completed' });
    app.get(WarehouseClient).release();
  });
});

describe('when effects are called outside any scope', () => {
  it.each([
    ['dispatch', 'sent', 'Ran without an error.'],
    ['drop', 'dropped', 'Dropped: it was called outside any scope.'],
    ['report', 'dropped', 'Dropped: it was called outside any scope.'],
  ] as const)('lists them under outsideScope: %s as %s', async (outsideScope, stands, sentence) => {
    const { app, state } = await open({}, { outsideScope });
    detached(() => app.get(OrdersController).markup());
    await drain(app);
    expect((await state()).units).toMatchObject([
      { kind: 'outside', effects: [{ state: stands, sentence }] },
    ]);
  });
});

describe('when a call outside any scope is refused', () => {
  it('lists it as one that was, and counts it', async () => {
    const { app, state } = await open();
    expect(() => detached(() => app.get(OrdersController).markup())).toThrow(NoScopeError);
    const { units, totals } = await state();
    expect(units).toMatchObject([
      {
        kind: 'outside',
        effects: [
          { state: 'dropped', reason: 'refused', sentence: expect.stringMatching(/^Refused with/) },
        ],
      },
    ]);
    expect(totals.dropped).toEqual({ refused: 1 });
  });

  it('lists none that a test captures', async () => {
    const { app, state } = await open();
    let end = (): void => {};
    const recorder = captureInEveryTest({
      hooks: { beforeEach: () => {}, afterAll: (hook) => (end = hook) },
    });
    detached(() => app.get(OrdersController).markup());
    end();
    expect(recorder.effects).toHaveLength(1);
    expect(await state()).toMatchObject({ units: [], totals: { dropped: {} } });
  });
});

describe('when a handler fails', () => {
  it('names the class of its error, and nothing else of it', async () => {
    const { unitOf } = await open();
    const unit = await unitOf('unpaid');
    expect(unit).toMatchObject({ outcome: 'failed', failedBy: 'BadRequestException' });
    expect(JSON.stringify(unit)).not.toContain('Not paid');
    expect(await (await open()).unitOf('')).not.toHaveProperty('failedBy');
  });
});

describe('when more happens than it keeps', () => {
  it('keeps the last ones, and apart from them the last in which something was dropped', async () => {
    const { post, state, app } = await open({ capacity: 3 });
    await post('unpaid');
    for (let i = 0; i < 10; i++) await post('');
    await drain(app);
    const { units } = await state();
    const count = (name: string) =>
      units.filter(({ entryPoint }) => entryPoint === `OrdersController.${name}`).length;
    expect([count('place'), count('unpaid')]).toEqual([3, 1]);
    expect((await state()).totals.sent).toBe(20);
  });
});

describe('when `redactError` is set', () => {
  it.each([
    [
      'what it makes of an error',
      (error: unknown) => (error as Error).message,
      'Error: The warehouse answered 503 for "ladder"',
    ],
    ['no more than the class for what it shows nothing of', () => undefined, 'Error'],
    ['what is no text as JSON', () => ({ status: 503 }), 'Error: {\n  "status": 503\n}'],
    [
      'none of what it throws',
      (error: unknown) => {
        throw error;
      },
      'Error: (hidden: redactError threw)',
    ],
  ])('shows %s', async (_, redactError, error) => {
    const { unitOf } = await open({ redactError });
    expect((await unitOf('sold-out')).effects).toMatchObject([{ error }]);
  });
});

describe('when `redact` is set', () => {
  it('shows what it makes of arguments, of each effect once', async () => {
    const asked: string[] = [];
    const redact: AirlockInspectorOptions['redact'] = ({ name, args: [first] }) => {
      asked.push(name);
      return typeof first === 'object' ? { ...first, card: '…' } : undefined;
    };
    const { unitOf, state } = await open({ redact });
    const [receipt, reservation] = (await unitOf('')).effects as [EffectView, EffectView];
    expect(JSON.parse(receipt.args!)).toEqual({ email: 'ada@example.com', card: '…' });
    expect(reservation).not.toHaveProperty('args');
    await state();
    expect(asked).toEqual(['MailService.sendReceipt', 'WarehouseClient.reserve']);
  });

  it('is asked once for an effect that is looked at before and after its end', async () => {
    let asked = 0;
    const redact = () => void asked++;
    const { post, state, app } = await open({ redact });
    void post('held');
    await eventually(state, ({ units }) => units.length === 1);
    await state();
    app.get(WarehouseClient).release();
    await eventually(state, ({ units: [unit] }) => has(unit, 'sent'));
    expect(asked).toBe(1);
  });

  it('hides what it throws for, with what it throws, and warns once', async () => {
    const redact = ({ args }: { readonly args: readonly unknown[] }) => {
      throw new Error(`cannot read ${JSON.stringify(args)}`);
    };
    const { unitOf, state, log } = await open({ redact });
    expect((await unitOf('')).effects.map(({ args }) => args)).toEqual(
      Array(2).fill('(hidden: redact threw)'),
    );
    expect(JSON.stringify(await state())).not.toContain('ada@example.com');
    const told = log.lines.filter(({ context }) => context === 'AirlockInspector');
    expect(told).toMatchObject([
      { level: 'warn', text: expect.stringContaining('`redact` of AirlockInspectorModule threw') },
    ]);
    expect(told[0]!.text).not.toContain('ada@example.com');
  });

  it.each([
    ['what JSON cannot hold', () => ({ big: 10n, self: undefined }), '{\n  "big": "10n"\n}'],
    ['a circle', () => circle(), '(hidden: redact threw)'],
    [
      'a very long text',
      () => 'x'.repeat(10_000),
      expect.stringMatching(/^x{2000}… \(8000 more letters\)$/),
    ],
  ])('shows %s in its own way', async (_, redact, shown) => {
    const { unitOf } = await open({ redact });
    expect((await unitOf('')).effects[0]!.args).toEqual(shown);
  });
});

describe('when `callSites` is set', () => {
  it('shows the place of each call', async () => {
    const { unitOf } = await open({ callSites: true });
    expect((await unitOf('')).effects[0]!.place).toMatch(
      /^test\/integrations\/inspector\/shop\.ts:\d+:\d+$/,
    );
  });
});

describe('when an effect has a name that is markup, or one that cannot be read', () => {
  it('shows the one as text, and all others beside the other, and the application goes on', async () => {
    const { post, app, state, log } = await open();
    await post('markup');
    const nameless = Object.defineProperty(() => {}, 'name', {
      get(): string {
        throw new Error('no name');
      },
    });
    await runInScope({ name: 'nameless' }, () => enqueueWith({}, nameless)).catch(() => {});
    await post('');
    await drain(app);
    const { units } = await state();
    expect(units.flatMap(({ effects }) => effects.map(({ name }) => name))).toContain(MARKUP);
    expect(units.map(({ entryPoint }) => entryPoint)).toContain('OrdersController.place');
    expect(log.lines.filter(({ context }) => context === 'AirlockInspector').length).toBeLessThan(
      2,
    );
  });
});

describe('when two applications of one process have an inspector each', () => {
  it('shows each its own', async () => {
    const [one, other] = [await open(), await open({ path: 'ops' })];
    await one.unitOf('');
    const { body } = await other.request('/ops/state');
    expect(JSON.parse(body)).toMatchObject({ units: [], totals: { sent: 0 } });
  });
});

function has(unit: UnitView | undefined, state: EffectView['state']): boolean {
  return unit?.effects.some((effect) => effect.state === state) === true;
}

async function eventually<T>(get: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await get();
    if (holds(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function circle(): unknown {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  return value;
}
