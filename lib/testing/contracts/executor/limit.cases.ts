import { setTimeout } from 'node:timers/promises';
import { DispatchError } from '../../../errors/dispatch.error.js';
import { EffectTimeoutError } from '../../../errors/effect-timeout.error.js';
import { swallowed } from '../expected-error.js';
import type { ExecutorSuite } from './executor-suite.js';

/** Defines how long an effect may run, and how it hears of that (rule 27). @internal */
export function limitCases(suite: ExecutorSuite): void {
  suite.when('an effect asks for its signal', () => {
    suite.it('is given one that is not aborted', async () => {
      await suite.airlock.run(() => suite.effects.ask('signal'));
      await suite.ran(['signal: not aborted']);
    });
  });

  suite.when('an effect runs longer than its time limit', () => {
    if (suite.isRemote) {
      suite.it('lets it come to its end: a worker has the limits of its engine', async () => {
        const { airlock, effects, record } = suite;
        const open = record.close();
        await airlock.run(() => effects.outlast('long'));
        await setTimeout(100);
        open();
        await suite.ran(['long']);
      });
      return;
    }
    suite.it('tells the opener of the scope, runs the others and waits no longer', async () => {
      const { airlock, effects, record } = suite;
      const open = record.close();
      const error = await swallowed(() =>
        airlock.run(async () => {
          await effects.outlast('long');
          await effects.tell('after');
        }),
      );
      open();
      await suite.ran(['after', 'long']);
      const [failure] = error instanceof DispatchError ? error.failures : [];
      suite.same(failure?.error instanceof EffectTimeoutError && failure.error.timeoutMs, 20);
    });
  });
}
