import { runInScope } from '../../../core/functions.js';
import type { Call } from './call.js';
import type { PolicySuite } from './policy-suite.js';
import { Trial } from './trial.js';

/** That it goes by calls, not by the scopes they pass through on their way (rules 11, 15 and 19). @internal */
export function nestingCases(suite: PolicySuite): void {
  suite.when('a nested scope completes', () => {
    suite.it('answers about its calls as if they were made in the outer one', async () => {
      const { airlock, policy } = await suite.boot();
      const trial = new Trial();
      const [before, inside, after] = thirds(suite.sample);
      await trial.within(airlock, policy, async () => {
        trial.makeAll(before);
        await runInScope(() => trial.makeAll(inside));
        trial.makeAll(after);
      });
      suite.same(trial.fates, await suite.fatesOf(suite.sample));
    });

    suite.it('answers about its calls when it stands on the nested one alone', async () => {
      const { airlock, policy } = await suite.boot();
      const trial = new Trial();
      await trial.within(airlock, [], () => runInScope({ policy }, () => trial.makeAll(suite.sample)));
      suite.same(trial.fates, await suite.fatesOf(suite.sample));
    });
  });

  suite.when('a nested scope fails', () => {
    suite.it('answers about the other calls as if it had not been', async () => {
      const { airlock, policy } = await suite.boot();
      const [trial, lost] = [new Trial(), new Trial()];
      await trial.within(airlock, policy, async () => {
        const scope = airlock.open();
        scope.run(() => lost.makeAll(suite.sample));
        scope.close();
        scope.discard();
        trial.makeAll(suite.sample);
      });
      suite.same(trial.fates, await suite.fatesOf(suite.sample));
      suite.same(lost.ways.out, []);
    });
  });

  suite.when('effects call effects', () => {
    suite.it('answers about those as if they were called where the effect was', async () => {
      const { airlock, policy } = await suite.boot();
      const trial = new Trial();
      const { sample } = suite;
      await trial.within(airlock, policy, () => {
        for (const [i, call] of sample.entries()) {
          const next = sample[(i + 1) % sample.length]!;
          trial.make(call, () => trial.make(next, () => {}));
        }
      });
      suite.same(trial.fates, await suite.fatesOf(trial.calls));
    });
  });
}

function thirds(calls: readonly Call[]): readonly [readonly Call[], readonly Call[], readonly Call[]] {
  const size = Math.ceil(calls.length / 3);
  return [calls.slice(0, size), calls.slice(size, 2 * size), calls.slice(2 * size)];
}
