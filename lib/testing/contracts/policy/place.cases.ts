import { setImmediate } from 'node:timers/promises';
import { runInScope, withPolicy } from '../../../core/functions.js';
import type { PolicyRef } from '../../../core/model/policy.js';
import type { AirlockService } from '../../../nest/services/airlock.service.js';
import type { Lack } from '../contract-suite.js';
import { PolicyRun } from './policy-run.js';
import type { PolicySuite } from './policy-suite.js';

/**
 * Defines that a policy goes by the calls, and not by where it stands or what else is there (rules
 * 15 and 18).
 * @internal
 */
export function placeCases(suite: PolicySuite): void {
  const { sample } = suite;
  /** @param make returns the endings of one run or more, each of which has to end as one alone */
  const it = (
    truth: string,
    make: () => Promise<readonly (readonly string[])[]>,
    lack: Lack = false,
  ): void =>
    suite.it(
      truth,
      async () => {
        const alone = (await suite.runOf()).endings;
        const each = await make();
        suite.same(
          each,
          each.map(() => alone),
        );
      },
      lack,
    );

  suite.when('it does not stand on the scope of the calls', () => {
    it('answers around the calls as on their scope', async () => {
      const { airlock, policy } = await suite.boot();
      const run = new PolicyRun();
      await run.within(airlock, [], () => withPolicy(policy, () => run.makeAll(sample)));
      return [run.endings];
    });

    it('answers around nested scopes as on their scope, also where one is discarded', async () => {
      const { airlock, policy } = await suite.boot();
      const run = new PolicyRun();
      const half = Math.ceil(sample.length / 2);
      await run.within(airlock, policy, async () => {
        const discarded = airlock.open();
        discarded.run(() => new PolicyRun().makeAll(sample));
        discarded.close();
        discarded.discard();
        await runInScope(() => run.makeAll(sample.slice(0, half)));
        run.makeAll(sample.slice(half));
      });
      return [run.endings];
    });
  });

  suite.when('other scopes are there', () => {
    /** Lets other runs take their turn between two calls. */
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
      'answers in each of several at the same time, and in one after them, as in one alone',
      async () => {
        const { airlock, policy } = await suite.boot();
        const several = Array.from({ length: 10 }, () => inTurns(airlock, policy));
        return [...(await Promise.all(several)), await inTurns(airlock, policy)];
      },
      suite.options.remembers === 'application' && 'it remembers other scopes',
    );

    it('answers in each of two applications as if the other was not there', async () => {
      const applications = [await suite.bootUnder(), await suite.bootUnder()];
      return Promise.all(applications.map((airlock) => inTurns(airlock)));
    });
  });
}
