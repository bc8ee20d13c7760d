import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { AirlockMessage } from '../../../core/model/diagnostics.js';
import { ExpectedError } from '../expected-error.js';
import type { ExecutorSuite } from './executor-suite.js';

const ENDS = ['airlock:dispatch', 'airlock:drop', 'airlock:fail'] as const;

/** Defines that effects called in a transaction end as it does (rules 20 to 23). @internal */
export function frameCases(suite: ExecutorSuite): void {
  suite.when('effects are called in a transaction', () => {
    suite.it('lets them out after the commit and not before', async () => {
      const { airlock, effects } = suite;
      let before: readonly string[] = [];
      await airlock.run(async () => {
        await suite.transaction(async () => {
          await effects.tell('inside');
          before = suite.record.ran;
        });
        await effects.tell('after');
      });
      await suite.until(() => suite.record.ran.length >= 2);
      await suite.caughtUp();
      suite.same(before, []);
      suite.same(suite.inOrder(suite.record.ran), suite.inOrder(['inside', 'after']));
    });

    suite.it('publishes one end of each, when the transaction has ended', async () => {
      const { airlock, effects } = suite;
      const ends: string[] = [];
      const listeners = ENDS.map((name) => {
        const listener = (message: unknown): void => {
          const { intent } = message as AirlockMessage;
          ends.push(`${String(intent?.args[0])}: ${name}`);
        };
        return [name, listener] as const;
      });
      let before: readonly string[] = [];
      for (const [name, listener] of listeners) subscribe(name, listener);
      try {
        await airlock.run(async () => {
          await suite.transaction(async () => {
            await effects.tell('kept');
            before = [...ends];
          });
          const work = suite.transaction(async () => {
            await effects.tell('undone');
            throw new ExpectedError();
          });
          await work.catch(() => {});
        });
      } finally {
        for (const [name, listener] of listeners) unsubscribe(name, listener);
      }
      await suite.ran(['kept']);
      suite.same(before, []);
      suite.same(ends.sort(), ['kept: airlock:dispatch', 'undone: airlock:drop']);
    });

    suite.it('drops them if it rolls back, although nobody else hears of the error', async () => {
      const { airlock, effects } = suite;
      await airlock.run(async () => {
        const work = suite.transaction(async () => {
          await effects.tell('inside');
          throw new ExpectedError();
        });
        await work.catch(() => {});
        await effects.tell('after');
      });
      await suite.ran(['after']);
    });

    const [truth, out] = suite.isTransactional
      ? ['keeps them if the scope fails after the commit: the transaction decides', ['inside']]
      : ['drops them if the scope fails after the commit', []];
    suite.it(truth, async () => {
      const { airlock, effects } = suite;
      const work = airlock.run(async () => {
        await suite.transaction(() => effects.tell('inside'));
        await effects.tell('after');
        throw new ExpectedError();
      });
      await work.catch(() => {});
      await suite.ran(out);
    });
  });
}
