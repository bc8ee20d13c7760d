import { setImmediate } from 'node:timers/promises';
import { tracingChannel } from 'node:diagnostics_channel';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  currentEffect,
  type EffectRunEvent,
  enqueue,
  enqueueWith,
  type Intent,
  onAirlock,
  runInScope,
} from 'nestjs-airlock';
import { AirlockRuntime } from '../../../lib/core/runtime.js';
import { checkAfterEach, errorOf, fail, send } from './fixtures.js';

checkAfterEach();

/** The events of runs while `work` is done, with the name of the effect. */
async function runsDuring(work: () => unknown): Promise<readonly string[]> {
  const heard: string[] = [];
  const stop = onAirlock(
    'effect',
    ({ intent }, event: EffectRunEvent) => void heard.push(`${event} ${intent.name}`),
  );
  try {
    await errorOf(async () => {
      await work();
      throw new Error('done');
    });
  } finally {
    stop();
  }
  return heard;
}

describe('when a channel is subscribed to by its name', () => {
  it('hands over its messages with their own types, until it is stopped', async () => {
    const dropped: string[] = [];
    const stop = onAirlock('drop', ({ intent, reason, scope }) =>
      dropped.push(`${intent.name} ${reason} ${scope.state}`),
    );
    const work = (): Promise<Error> =>
      errorOf(() =>
        runInScope(() => {
          enqueue(send, 'a');
          throw new Error('no');
        }),
      );
    await work();
    stop();
    await work();
    expect(dropped).toEqual(['send outcome discarded']);
  });

  it('refuses a name that is no channel, and a listener that is no function', () => {
    expect(() => onAirlock('drops' as never, (() => {}) as never)).toThrow(
      /'enqueue' or 'dispatch'/,
    );
    expect(() => onAirlock('drop', undefined as never)).toThrow(/listener/);
  });
});

describe('when effects run', () => {
  it('publishes start and end of one that is synchronous, and its error', async () => {
    expect(
      await runsDuring(() => runInScope(() => (enqueue(send, 'a'), enqueue(fail, 'b')))),
    ).toEqual(['start send', 'end send', 'start fail', 'error fail', 'end fail']);
  });

  it('publishes the later end of one that is asynchronous, in order with what comes next', async () => {
    const slow = (): Promise<void> => setImmediate();
    expect(await runsDuring(() => runInScope(() => (enqueue(slow), enqueue(send, 'a'))))).toEqual([
      'start slow',
      'end slow',
      'asyncStart slow',
      'asyncEnd slow',
      'start send',
      'end send',
    ]);
  });

  it('publishes the error of one whose time is over', async () => {
    const never = (): Promise<void> => new Promise(() => {});
    const events = await runsDuring(() => runInScope(() => enqueueWith({ timeoutMs: 5 }, never)));
    expect(events).toEqual([
      'start never',
      'end never',
      'error never',
      'asyncStart never',
      'asyncEnd never',
    ]);
  });

  it('publishes a batch as one run', async () => {
    const batches: (readonly Intent[] | undefined)[] = [];
    const stop = onAirlock(
      'effect',
      ({ batch }, event) => void (event === 'start' && batches.push(batch)),
    );
    const executor = {
      execute: () => {},
      executeBatch: async (intents: readonly Intent[]) => intents.map((intent) => ({ intent })),
    };
    await runInScope({ executor }, () => (enqueue(send, 'a'), enqueue(send, 'b')));
    stop();
    expect(batches.map((batch) => batch?.length)).toEqual([2]);
  });

  it('publishes a job in a worker, with what is known of its call and the scope it runs in', async () => {
    const runtime = new AirlockRuntime();
    const seen: unknown[] = [];
    const stop = onAirlock(
      'effect',
      ({ intent, scope }, event) => void seen.push([event, intent.id, scope?.name]),
    );
    const job = { id: '7', name: 'MailService.send', origin: 'web' };
    await runtime.runJob(
      job,
      runtime.prepare({ name: 'effect MailService.send' }),
      () => currentEffect()!.id,
    );
    stop();
    expect(seen).toEqual([
      ['start', '7', 'effect MailService.send'],
      ['end', '7', 'effect MailService.send'],
    ]);
  });

  it('has stores that are bound to `start` hold in the effect', async () => {
    const spans = new AsyncLocalStorage<string>();
    const { start } = tracingChannel('airlock:effect');
    start.bindStore(spans, (message) => `span of ${(message as { intent: Intent }).intent.name}`);
    let found: string | undefined;
    const look = async (): Promise<void> => {
      await setImmediate();
      found = spans.getStore();
    };
    await runInScope(() => enqueue(look));
    start.unbindStore(spans);
    expect(found).toBe('span of look');
    expect(spans.getStore()).toBeUndefined();
  });
});
