import { ExpectedError } from '../expected-error.js';
import type { ExecutorSuite } from './executor-suite.js';

const COUNT = 100;

/** Defines which effects get out, and in which order. @internal */
export function outcomeCases(suite: ExecutorSuite): void {
  suite.when('a scope completes', () => {
    suite.it('runs each of its effects once, in the order of the calls', async () => {
      const { airlock, effects } = suite;
      await airlock.run(async () => {
        await effects.tell('first');
        await effects.tell('second');
        await effects.tell('third');
      });
      await suite.ran(['first', 'second', 'third']);
    });

    suite.it(`runs ${COUNT} effects in the order of the calls`, async () => {
      const { airlock, effects } = suite;
      const texts = Array.from({ length: COUNT }, (_, i) => `effect ${i}`);
      await airlock.run(async () => {
        for (const text of texts) await effects.tell(text);
      });
      await suite.ran(texts);
    });

    suite.it('lets nothing out before that', async () => {
      const { airlock, effects } = suite;
      const scope = airlock.open();
      await scope.run(() => effects.tell('early'));
      await suite.caughtUp();
      const before = suite.record.ran;
      await scope.end('completed');
      await suite.ran(['early']);
      suite.same(before, []);
    });

    suite.it('tells the flush what it let out', async () => {
      const { airlock, effects } = suite;
      const scope = airlock.open();
      await scope.run(() => effects.tell('told'));
      const report = await scope.end('completed');
      await suite.ran(['told']);
      suite.same(
        [report.dispatched, report.failed, report.dropped].map((intents) => intents.length),
        [1, 0, 0],
      );
    });
  });

  suite.when('a scope fails', () => {
    suite.it('lets out nothing but what is there for failures', async () => {
      const { airlock, effects } = suite;
      const work = airlock.run(async () => {
        await effects.tell('success');
        await effects.apologise('sorry');
        throw new ExpectedError();
      });
      await work.catch(() => {});
      await suite.ran(['sorry']);
    });
  });

  suite.when('a policy says no', () => {
    suite.it('keeps that effect in and runs the others', async () => {
      const { airlock, effects } = suite;
      const policy = { allows: ({ args }: { args: readonly unknown[] }) => args[0] !== 'blocked' };
      await airlock.run({ policy }, async () => {
        await effects.tell('one');
        await effects.tell('blocked');
        await effects.tell('two');
      });
      await suite.ran(['one', 'two']);
    });
  });

  suite.when('scopes run at the same time', () => {
    suite.it('lets out what completed ones called and nothing of those that failed', async () => {
      const { airlock, effects } = suite;
      const numbers = Array.from({ length: 20 }, (_, i) => i);
      const scopes = numbers.map((number) =>
        airlock.run(async () => {
          await effects.tell(`${number} first`);
          await new Promise((resolve) => setImmediate(resolve));
          await effects.tell(`${number} second`);
          if (number % 2 === 1) throw new ExpectedError();
        }),
      );
      await Promise.allSettled(scopes);
      const even = numbers.filter((number) => number % 2 === 0);
      await suite.until(() => suite.record.ran.length >= 2 * even.length);
      await suite.caughtUp();
      const { ran } = suite.record;
      suite.same(
        ran.toSorted(),
        even.flatMap((number) => [`${number} first`, `${number} second`]).toSorted(),
      );
      for (const number of even) {
        const own = ran.filter((text) => text.startsWith(`${number} `));
        suite.same(suite.inOrder(own), [`${number} first`, `${number} second`]);
      }
    });
  });
}
