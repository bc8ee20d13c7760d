import { openFrame } from 'nestjs-airlock';
import { checkForLeaks } from 'nestjs-airlock/testing';
import { AsyncLocalStorage } from 'node:async_hooks';
import { catchError, race, repeat, retry, switchMap, take, timeout, timer } from 'rxjs';
import { gate } from '../e2e/http/fixtures.js';
import { Again, kinds, type Plan } from './again.fixtures.js';

jest.setTimeout(60_000);

const failsOnce = (nth: number): void => {
  if (nth === 0) throw new Error('deadlock detected');
};

const mailsAndFailsOnce: Plan['work'] = async (nth, desk) => {
  await desk.mail(`mail ${nth}`);
  failsOnce(nth);
};

describe.each(kinds)('when an interceptor invokes a handler again: %s', (kind) => {
  let again: Again;
  beforeAll(async () => void (again = await Again.start(kind)));
  afterAll(async () => again.close());
  checkForLeaks();

  it.each<[string, Plan['around']]>([
    ['retry', (next) => next.handle().pipe(retry(1))],
    ['a second call of handle', (next) => next.handle().pipe(catchError(() => next.handle()))],
    [
      'the source it is given by catchError',
      (next) => next.handle().pipe(catchError((_error, source) => source)),
    ],
  ])(
    'drops what the failed invocation and interceptors within have buffered, and keeps the rest: %s',
    async (_how, around) => {
      expect(await again.call({ around, work: mailsAndFailsOnce })).toEqual({
        out: ['outer', 'inner', 'mail 1'],
        dropped: ['inner: retry', 'Desk.mail: retry'],
        invoked: 2,
      });
    },
  );

  it('lets out what waits for failure once, where each invocation fails', async () => {
    const { out, dropped } = await again.call({
      around: (next) => next.handle().pipe(retry(2)),
      work: (nth, desk) => {
        desk.effects.one(`alarm ${nth}`, 'failure');
        throw new Error('always');
      },
    });
    expect(out).toEqual(['alarm 2']);
    expect(dropped).toEqual(
      expect.arrayContaining(['alarm 0: retry', 'alarm 1: retry', 'inner: outcome']),
    );
  });

  it('keeps what completed invocations have buffered', async () => {
    const work: Plan['work'] = (nth, desk) => desk.mail(`mail ${nth}`);
    for (const around of [
      (next) => next.handle().pipe(repeat(2)),
      (next) => next.handle().pipe(take(1), repeat(2)),
    ] satisfies Plan['around'][]) {
      expect((await again.call({ around, work })).out).toEqual([
        'outer',
        'inner',
        'mail 0',
        'inner',
        'mail 1',
      ]);
    }
  });

  it('drops what an invocation that timed out calls later, also in a scope nested in it', async () => {
    const second = gate();
    const first = gate();
    const { out, dropped } = await again.call({
      around: (next) => next.handle().pipe(timeout(20), retry(1)),
      work: async (nth, desk) => {
        if (nth > 0) {
          second.open();
          await first.passed;
          return desk.mail('second');
        }
        await desk.mail('early');
        await desk.airlock.run(async () => {
          await second.passed;
          await desk.mail('nested');
        });
        await desk.mail('late');
        first.open();
      },
    });
    expect(out).toEqual(['outer', 'inner', 'second']);
    expect(dropped.toSorted()).toEqual([
      'Desk.mail: retry',
      'Desk.mail: retry',
      'Desk.mail: retry',
      'inner: retry',
    ]);
  });

  it('drops what the loser of a race has buffered', async () => {
    const end = gate();
    const { out } = await again.call({
      around: (next) => race(next.handle(), timer(5).pipe(switchMap(() => next.handle()))),
      work: async (nth, desk) => {
        await desk.mail(`mail ${nth}`);
        if (nth === 0) await end.passed;
      },
    });
    end.open();
    expect(out).toEqual(['outer', 'inner', 'mail 1']);
  });

  it('hides it from the next invocation', async () => {
    const seen: string[][] = [];
    await again.call({
      around: (next) => next.handle().pipe(retry(1)),
      work: async (nth, desk) => {
        seen.push(desk.buffer.intents.map(({ name }) => name));
        await mailsAndFailsOnce(nth, desk);
      },
    });
    expect(seen).toEqual([
      ['outer', 'inner'],
      ['outer', 'inner'],
    ]);
  });

  it('is not failed by a refusal that nobody listened to in it', async () => {
    const refuses = { onEnqueue: () => failsOnce(0) };
    const { out, dropped } = await again.call({
      around: (next) => next.handle().pipe(retry(1)),
      work: async (nth, desk) => {
        if (nth === 0) desk.buffer.withPolicy(refuses, () => void desk.mail('refused'));
        await mailsAndFailsOnce(nth, desk);
      },
    });
    expect(out).toEqual(['outer', 'inner', 'mail 1']);
    expect(dropped).toEqual(['inner: retry', 'Desk.mail: retry']);
  });

  it('counts no dedupe key of it', async () => {
    const { out } = await again.call({
      around: (next) => next.handle().pipe(retry(1)),
      work: async (nth, desk) => {
        await desk.mailOnce(`mail ${nth}`);
        failsOnce(nth);
      },
    });
    expect(out).toEqual(['outer', 'inner', 'mail 1']);
  });

  it('drops it although its transaction was committed', async () => {
    const { out } = await again.call({
      around: (next) => next.handle().pipe(retry(1)),
      work: async (nth, desk) => {
        const frame = openFrame();
        await frame.run(() => desk.mail(`mail ${nth}`));
        await frame.commit();
        failsOnce(nth);
      },
    });
    expect(out).toEqual(['outer', 'inner', 'mail 1']);
  });

  it('leaves the asynchronous context of the interceptor to each invocation', async () => {
    const tenants = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    await again.call({
      around: (next) => tenants.run('acme', () => next.handle()).pipe(retry(1)),
      work: async (nth) => {
        seen.push(tenants.getStore());
        await Promise.resolve();
        failsOnce(nth);
      },
    });
    expect(seen).toEqual(['acme', 'acme']);
  });
});
