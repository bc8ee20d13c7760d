import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ContextCarrier, enqueue, type Executor, type Intent } from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';

const tenants = new AsyncLocalStorage<string>();

const carrier: ContextCarrier<string> = {
  name: 'tenant',
  capture: () => tenants.getStore(),
  restore: (tenant, run) => tenants.run(tenant, run),
};

/** Runs `work` in a scope of an application with these carriers. */
async function running(
  context: readonly ContextCarrier[],
  work: () => void,
  executor?: Executor,
): Promise<readonly unknown[]> {
  const errors: unknown[] = [];
  const runtime = new AirlockRuntime({
    context,
    executor,
    logError: (error) => errors.push(error),
  });
  const scope = runtime.open({ onDispatchError: 'report' });
  scope.run(work);
  scope.close();
  await tenants.run('of the flush', () => scope.flush());
  return errors;
}

describe('when a value is carried to the run of an effect', () => {
  it('is around the run as it was at the call', async () => {
    const seen: unknown[] = [];
    const look = async (): Promise<void> => {
      await sleep(1);
      seen.push(tenants.getStore());
    };
    await running([carrier], () => {
      tenants.run('acme', () => enqueue(look));
      tenants.run('umbrella', () => enqueue(look));
    });
    expect(seen).toEqual(['acme', 'umbrella']);
  });

  it('is not there for a call that had none', async () => {
    const seen: unknown[] = [];
    await running([carrier], () =>
      tenants.exit(() => enqueue(() => seen.push(tenants.getStore()))),
    );
    expect(seen).toEqual(['of the flush']);
  });

  it('stays with an intent that a failed scope hands to its parent as an ordinary one', async () => {
    const seen: unknown[] = [];
    const runtime = new AirlockRuntime({ context: [carrier] });
    const outer = runtime.open();
    outer.run(() => {
      const inner = runtime.open();
      inner.run(() =>
        tenants.run('acme', () =>
          runtime.enqueue({ on: 'failure' }, () => seen.push(tenants.getStore()), []),
        ),
      );
      void runtime.endScope(inner, 'failed', 'here', 'report');
    });
    outer.close();
    await outer.flush();
    expect(seen).toEqual(['acme']);
  });

  it('has the first carrier outermost', async () => {
    const order: string[] = [];
    const named = (name: string): ContextCarrier => ({
      name,
      capture: () => true,
      restore: (_value, run) => {
        order.push(`${name} begins`);
        const result = run();
        order.push(`${name} ends`);
        return result;
      },
    });
    await running([named('a'), named('b')], () => enqueue(() => order.push('effect')));
    expect(order).toEqual(['a begins', 'b begins', 'effect', 'b ends', 'a ends']);
  });

  it('knows the effect on both sides', async () => {
    const known: string[] = [];
    const nosy: ContextCarrier = {
      name: 'nosy',
      capture: (effect) =>
        known.push(
          `${effect.name} ${effect.id}${Object.isFrozen(effect) ? '' : ', which it could change'}`,
        ),
      restore: (_value, run, { id, name }) => {
        known.push(`${name} ${id}`);
        return run();
      },
    };
    await running([nosy], () => enqueue(function ship() {}));
    expect(known).toEqual([known[0], known[0]]);
    expect(known[0]).toMatch(/^ship .+:0$/);
  });
});

describe('when an executor only hands the effect over', () => {
  it('restores nothing around it', async () => {
    const seen: unknown[] = [];
    const sends: Executor = {
      remote: true,
      execute: (_intent: Intent) => seen.push(tenants.getStore()),
    };
    await running([carrier], () => tenants.run('acme', () => enqueue(() => {})), sends);
    expect(seen).toEqual(['of the flush']);
  });
});

describe('when a carrier throws', () => {
  const boom = new Error('no tenant');

  it('lets the effect go without the value where it captures, and logs the error', async () => {
    const seen: unknown[] = [];
    const broken: ContextCarrier = {
      name: 'broken',
      capture: () => {
        throw boom;
      },
      restore: (_value, run) => run(),
    };
    const errors = await running([broken, carrier], () =>
      tenants.run('acme', () => enqueue(() => seen.push(tenants.getStore()))),
    );
    expect({ seen, errors }).toEqual({ seen: ['acme'], errors: [boom] });
  });

  it('fails the effect where it restores', async () => {
    const broken: ContextCarrier = {
      name: 'broken',
      capture: () => 1,
      restore: () => {
        throw boom;
      },
    };
    const runtime = new AirlockRuntime({ context: [broken] });
    const scope = runtime.open({ onDispatchError: 'report' });
    scope.run(() => enqueue(() => {}));
    scope.close();
    const { failed } = await scope.flush();
    expect(failed.map(({ error }) => error)).toEqual([boom]);
  });
});
