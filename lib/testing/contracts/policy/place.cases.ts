import { setImmediate } from 'node:timers/promises';
import { runInScope, withPolicy } from '../../../core/functions.js';
import type { Policy, PolicyRef } from '../../../core/model/policy.js';
import type { AirlockService } from '../../../nest/services/airlock.service.js';
import { PolicyRun } from './policy-run.js';
import type { PolicySuite } from './policy-suite.js';

type Place = (suite: PolicySuite, run: PolicyRun) => Promise<void>;

/** Places of a policy, in each of which it has to answer as on the scope of the calls. */
const PLACES: Readonly<Record<string, Place>> = {
  'around the calls': async (suite, run) => {
    const { airlock, policy } = await suite.boot();
    await run.within(airlock, [], () => withPolicy(policy, () => run.makeAll(suite.sample)));
  },
  'on each effect alone': async (suite, run) => {
    const { airlock, policy } = await suite.boot();
    await run.within(airlock, [], () => run.makeAll(suite.sample, { policy }));
  },
  'on the whole application': async (suite, run) => {
    await run.within(await suite.bootUnder(), [], () => run.makeAll(suite.sample));
  },
  'around a nested scope': async (suite, run) => {
    const { airlock, policy } = await suite.boot();
    const half = Math.ceil(suite.sample.length / 2);
    await run.within(airlock, policy, async () => {
      await runInScope(() => run.makeAll(suite.sample.slice(0, half)));
      run.makeAll(suite.sample.slice(half));
    });
  },
  'around a nested scope that is discarded': async (suite, run) => {
    const { airlock, policy } = await suite.boot();
    await run.within(airlock, policy, () => {
      const scope = airlock.open();
      scope.run(() => new PolicyRun().makeAll(suite.sample));
      scope.close();
      scope.discard();
      run.makeAll(suite.sample);
    });
  },
};

/**
 * Defines that it only narrows, and goes by calls, not by where it stands or what else is there
 * (rules 11, 15 and 18).
 * @internal
 */
export function placeCases(suite: PolicySuite): void {
  suite.when('it stands in another place', () => {
    for (const [place, make] of Object.entries(PLACES)) {
      suite.it(`answers ${place} as on the scope itself`, async () => {
        const run = new PolicyRun();
        await make(suite, run);
        suite.same(run.endings, await suite.endingsOf(suite.sample));
      });
    }
  });

  suite.when('another policy drops every second call', () => {
    for (const side of ['inside', 'outside'] as const) {
      suite.it(`lets none of those out, with the other one ${side}`, async () => {
        const { airlock, policy } = await suite.boot();
        const run = new PolicyRun();
        const other: Policy = { allows: (intent) => run.indexOf(intent) % 2 === 0 };
        const [inner, outer] = side === 'inside' ? [other, policy] : [policy, other];
        const calls = suite.sample.flatMap((call) => [call, call]);
        await run.within(airlock, outer, () => withPolicy(inner, () => run.makeAll(calls)));
        suite.same(
          run.order.filter((place) => place % 2 === 1),
          [],
        );
      });
    }
  });

  suite.when('it lets calls out', () => {
    suite.it('lets each out once, in the order of the calls', async () => {
      const run = await suite.runOf(Array.from({ length: 5 }, () => suite.sample).flat());
      suite.same(
        run.endings.filter(
          (ending) => ending.includes('its effect ran') || ending.endsWith(': lost'),
        ),
        [],
      );
      suite.same(
        run.order,
        run.order.toSorted((a, b) => a - b),
      );
    });
  });

  suite.when('other scopes are there', () => {
    const lack = suite.remembers === 'application' && 'it remembers other scopes';

    suite.it(
      'answers in each of several at the same time as in one alone',
      async () => {
        const { airlock, policy } = await suite.boot();
        const endings = await Promise.all(
          Array.from({ length: 10 }, () => inTurns(suite, airlock, policy)),
        );
        suite.same(
          new Set(endings.map(String)),
          new Set([String(await suite.endingsOf(suite.sample))]),
        );
      },
      lack,
    );

    suite.it(
      'answers in one after another as in the first',
      async () => {
        const { airlock, policy } = await suite.boot();
        const first = await inTurns(suite, airlock, policy);
        suite.same(await inTurns(suite, airlock, policy), first);
      },
      lack,
    );

    suite.it('answers in each of two applications as if the other was not there', async () => {
      const alone = await suite.endingsOf(suite.sample);
      const [one, other] = [await suite.bootUnder(), await suite.bootUnder()];
      suite.same(await Promise.all([inTurns(suite, one, []), inTurns(suite, other, [])]), [
        alone,
        alone,
      ]);
    });
  });
}

/** Makes calls between which others take their turn. @returns how they ended */
async function inTurns(
  suite: PolicySuite,
  airlock: AirlockService,
  policy: PolicyRef | readonly PolicyRef[],
): Promise<readonly string[]> {
  const run = new PolicyRun();
  await run.within(airlock, policy, async () => {
    for (const call of suite.sample) {
      run.makeAll([call]);
      await setImmediate();
    }
  });
  return run.endings;
}
