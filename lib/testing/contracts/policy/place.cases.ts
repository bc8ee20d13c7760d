import { setImmediate } from 'node:timers/promises';
import { runInScope, withPolicy } from '../../../core/functions.js';
import type { Policy, PolicyRef } from '../../../core/model/policy.js';
import type { AirlockService } from '../../../nest/services/airlock.service.js';
import type { Lack } from '../contract-suite.js';
import { PolicyRun } from './policy-run.js';
import type { PolicySuite } from './policy-suite.js';

/**
 * Defines that it only narrows, and goes by calls, not by where it stands or what else is there
 * (rules 11, 15 and 18).
 * @internal
 */
export function placeCases(suite: PolicySuite): void {
  const { sample } = suite;
  const endingsAlone = async (): Promise<readonly string[]> => (await suite.runOf()).endings;

  suite.when('it stands in another place', () => {
    const it = (place: string, make: (run: PolicyRun) => Promise<void>): void =>
      suite.it(`answers ${place} as on the scope itself`, async () => {
        const run = new PolicyRun();
        await make(run);
        suite.same(run.endings, await endingsAlone());
      });

    it('around the calls', async (run) => {
      const { airlock, policy } = await suite.boot();
      await run.within(airlock, [], () => withPolicy(policy, () => run.makeAll(sample)));
    });

    it('on the whole application', async (run) =>
      run.within(await suite.bootUnder(), [], () => run.makeAll(sample)));

    it('around a nested scope', async (run) => {
      const { airlock, policy } = await suite.boot();
      const half = Math.ceil(sample.length / 2);
      await run.within(airlock, policy, async () => {
        await runInScope(() => run.makeAll(sample.slice(0, half)));
        run.makeAll(sample.slice(half));
      });
    });

    it('around a nested scope that is discarded', async (run) => {
      const { airlock, policy } = await suite.boot();
      await run.within(airlock, policy, () => {
        const scope = airlock.open();
        scope.run(() => new PolicyRun().makeAll(sample));
        scope.close();
        scope.discard();
        run.makeAll(sample);
      });
    });
  });

  suite.when('another policy drops every second call', () => {
    suite.finds('lets none of those out', async () => {
      const { airlock, policy } = await suite.boot();
      const run = new PolicyRun();
      const other: Policy = { allows: (intent) => run.indexOf(intent) % 2 === 0 };
      const calls = sample.flatMap((call) => [call, call]);
      // Outside, so that the policy has been asked about what the other drops.
      await run.within(airlock, other, () => withPolicy(policy, () => run.makeAll(calls)));
      return run.order.filter((place) => place % 2 === 1);
    });
  });

  suite.when('it lets calls out', () => {
    suite.finds('lets each out once, in the order of the calls', async () => {
      const { endings, order } = await suite.runOf(Array.from({ length: 5 }, () => sample).flat());
      const isFault = (ending: string): boolean => /its effect ran|: lost$/.test(ending);
      const isEarly = (place: number, at: number): boolean => place < (order[at - 1] ?? 0);
      return [...endings.filter(isFault), ...order.filter(isEarly)];
    });
  });

  suite.when('other scopes are there', () => {
    const lack = suite.options.remembers === 'application' && 'it remembers other scopes';
    const it = (
      truth: string,
      make: () => Promise<readonly (readonly string[])[]>,
      reason: Lack = false,
    ): void =>
      suite.it(
        `answers in ${truth}`,
        async () => {
          const alone = await endingsAlone();
          const each = await make();
          suite.same(
            each,
            each.map(() => alone),
          );
        },
        reason,
      );
    /** Makes calls between which others take their turn. @returns how they ended */
    const inTurns = async (
      airlock: AirlockService,
      policy: PolicyRef | readonly PolicyRef[] = [],
    ): Promise<readonly string[]> => {
      const run = new PolicyRun();
      await run.within(airlock, policy, async () => {
        for (const call of sample) {
          run.makeAll([call]);
          await setImmediate();
        }
      });
      return run.endings;
    };

    it(
      'each of several at the same time as in one alone',
      async () => {
        const { airlock, policy } = await suite.boot();
        return Promise.all(Array.from({ length: 10 }, () => inTurns(airlock, policy)));
      },
      lack,
    );
    it(
      'one after another as in the first',
      async () => {
        const { airlock, policy } = await suite.boot();
        return [await inTurns(airlock, policy), await inTurns(airlock, policy)];
      },
      lack,
    );
    it('each of two applications as if the other was not there', async () => {
      const applications = [await suite.bootUnder(), await suite.bootUnder()];
      return Promise.all(applications.map((airlock) => inTurns(airlock)));
    });
  });
}
