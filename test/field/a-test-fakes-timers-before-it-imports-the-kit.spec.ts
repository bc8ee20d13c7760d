import { mock } from 'node:test';
import type * as Airlock from 'nestjs-airlock';
import type * as Kit from 'nestjs-airlock/testing';

/** How each kind of fakes is put in place, and taken away. */
const kinds: [string, () => void, () => void][] = [
  ['of Jest', () => jest.useFakeTimers(), () => jest.useRealTimers()],
  [
    'of Jest, legacy ones',
    () => jest.useFakeTimers({ legacyFakeTimers: true }),
    () => jest.useRealTimers(),
  ],
  // As Sinon does outside Jest, these replace the timers of `node:timers` too.
  ['of Node', () => mock.timers.enable(), () => mock.timers.reset()],
];

describe.each(kinds)('when timers are fakes %s before anything is imported', (_, fake, restore) => {
  let kit: typeof Kit;
  let airlock: typeof Airlock;

  beforeAll(async () => {
    jest.resetModules();
    fake();
    kit = await import('nestjs-airlock/testing');
    airlock = await import('nestjs-airlock');
  });

  afterAll(() => {
    restore();
  });

  it('captures a block, and waits no longer than was said for what it leaves open', async () => {
    const { effects, unfinished } = await kit.captureEffects(
      () => {
        airlock.openScope({ name: 'left open' });
        airlock.enqueue(() => {});
      },
      { settleTimeoutMs: 20 },
    );
    expect(effects).toHaveLength(1);
    expect(unfinished.map(({ name }) => name)).toEqual(['left open']);
  });

  it('finds leaks', async () => {
    const watch = kit.watchForLeaks({ graceMs: 20 });
    const scope = airlock.openScope({ name: 'leak' });
    await expect(watch.end()).rejects.toThrow(kit.ScopeLeakError);
    scope.close();
    scope.discard();
  });
});
