import { setImmediate } from 'node:timers/promises';
import { concat, defer as deferObservable, from, of, throwError } from 'rxjs';
import { delay } from 'rxjs/operators';
import { enqueue, enqueueWith, openScope, runInScope } from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import {
  checkAfterEach,
  errorOf,
  fail,
  recorder,
  send,
  sendSlowly,
  sent,
  texts,
} from '../fixtures.js';

checkAfterEach();

describe('when a scope completes', () => {
  it('runs nothing before the end of its work and everything right after, first in first out', async () => {
    await runInScope(async () => {
      enqueue(send, 'a');
      enqueue(sendSlowly, 'b');
      await setImmediate();
      enqueue(send, 'c');
      expect(sent).toEqual([]);
    });
    expect(sent).toEqual(['a', 'b begins', 'b ends', 'c']);
  });

  it('awaits each effect before it starts the next', async () => {
    await runInScope(() => {
      enqueue(sendSlowly, 'a');
      enqueue(sendSlowly, 'b');
    });
    expect(sent).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('keeps the order of asynchronous and synchronous policies', async () => {
    const slow = {
      async allows() {
        await setImmediate();
        return true;
      },
    };
    await runInScope(() => {
      enqueueWith({ policy: slow }, send, 'a');
      enqueue(send, 'b');
      enqueueWith({ policy: slow }, send, 'c');
    });
    expect(sent).toEqual(['a', 'b', 'c']);
  });

  it('gives the same value back, without the wrapping of a Promise', async () => {
    const value = { id: 1 };
    expect(await runInScope(() => value)).toBe(value);
    expect(await runInScope(async () => value)).toBe(value);
  });
});

describe('when an effect returns an Observable', () => {
  it('subscribes once and awaits it to its end before the next', async () => {
    let subscriptions = 0;
    const stream = (text: string) =>
      deferObservable(() => {
        subscriptions++;
        return concat(
          of('first').pipe(delay(1)),
          from((async () => (await setImmediate(), send(`${text} ends`)))()),
        );
      });
    await runInScope(() => {
      enqueue(stream, 'a');
      enqueue(send, 'b');
    });
    expect(sent).toEqual(['a ends', 'b']);
    expect(subscriptions).toBe(1);
  });

  it('counts as failed if it errors after it has emitted', async () => {
    const scope = openScope();
    const error = new Error('late');
    scope.run(() =>
      enqueue(() =>
        concat(
          of(1),
          throwError(() => error),
        ),
      ),
    );
    scope.close();
    const report = await scope.flush();
    expect(report.failed.map((failure) => failure.error)).toEqual([error]);
    expect(report.dispatched).toEqual([]);
  });
});

describe('when an effect returns a function with a then method', () => {
  it('awaits it as a Promise', async () => {
    const thenable = Object.assign(() => {}, {
      then(resolve: () => void) {
        void setImmediate().then(() => (send('settled'), resolve()));
      },
    });
    await runInScope(() => {
      enqueue(() => thenable);
      enqueue(send, 'next');
    });
    expect(sent).toEqual(['settled', 'next']);
  });
});

describe.each([
  ['throws at once', fail],
  ['rejects', async (text: string) => (await setImmediate(), fail(text))],
  ['returns an Observable that errors', (text: string) => throwError(() => new Error(text))],
])('when an effect %s', (_, broken) => {
  it('still runs the others and reports all failures together', async () => {
    const error = await errorOf<AggregateError>(() =>
      runInScope({ name: 'checkout' }, () => {
        enqueue(broken, 'one');
        enqueue(send, 'a');
        enqueue(broken, 'two');
        enqueue(send, 'b');
      }),
    );
    expect(sent).toEqual(['a', 'b']);
    expect(error.errors.map((cause: Error) => cause.message)).toEqual(['one', 'two']);
  });

  it('drops the rest with that reason in failFast', async () => {
    const scope = openScope({ dispatchMode: 'failFast' });
    scope.run(() => {
      enqueue(send, 'a');
      enqueue(broken, 'one');
      enqueue(send, 'b');
      enqueue(broken, 'two');
    });
    scope.close();
    const report = await scope.flush();
    expect(sent).toEqual(['a']);
    expect(texts(report.dispatched)).toEqual(['a']);
    expect(report.failed.map(({ intent }) => intent.args[0])).toEqual(['one']);
    expect(
      report.dropped.map(({ intent, reason, policy }) => [intent.args[0], reason, policy]),
    ).toEqual([
      ['b', 'failFast', undefined],
      ['two', 'failFast', undefined],
    ]);
  });
});

describe('when intents have different executors', () => {
  it('keeps the order of the calls and the executor each was called with', async () => {
    const runtime = new AirlockRuntime({
      executor: recorder(sent, 'default '),
      executors: { mail: recorder(sent, 'mail ') },
    });
    await runtime.run({}, async () => {
      enqueue(send, '1');
      enqueueWith({ executor: 'mail' }, send, '2');
      await runInScope({ executor: recorder(sent, 'inner ') }, () => {
        enqueue(send, '3');
        enqueueWith({ executor: 'mail' }, send, '4');
      });
      enqueue(send, '5');
    });
    expect(sent).toEqual(['default 1', 'mail 2', 'inner 3', 'mail 4', 'default 5']);
  });

  it('takes a function and a class as an executor', async () => {
    class Classy {
      execute(intent: { args: readonly unknown[] }) {
        sent.push(`class ${String(intent.args[0])}`);
      }
    }
    await runInScope({ executor: Classy }, () => enqueue(send, 'a'));
    await runInScope(
      { executor: (intent) => void sent.push(`function ${String(intent.args[0])}`) },
      () => enqueue(send, 'b'),
    );
    expect(sent).toEqual(['class a', 'function b']);
  });
});

describe('when an executor throws', () => {
  it('reports the intent as failed and goes on with the next', async () => {
    const scope = openScope({
      executor: (intent) =>
        intent.args[0] === 'a' ? fail('no connection') : send(String(intent.args[0])),
    });
    scope.run(() => {
      enqueue(send, 'a');
      enqueue(send, 'b');
    });
    scope.close();
    const report = await scope.flush();
    expect(report.failed).toEqual([
      { intent: expect.anything(), error: new Error('no connection') },
    ]);
    expect(sent).toEqual(['b']);
  });
});
