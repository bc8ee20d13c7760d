import { withPolicy } from '../../../core/functions.js';
import type { Policy } from '../../../core/model/policy.js';
import type { Call } from './call.js';
import type { PolicySuite } from './policy-suite.js';
import { Trial } from './trial.js';

const ALLOWING: Policy = { onEnqueue: () => {}, allows: () => true };

/** That it takes something away and adds nothing, wherever it stands (rule 11). @internal */
export function narrowingCases(suite: PolicySuite): void {
  suite.when('another policy drops every second call', () => {
    for (const side of ['inside', 'outside'] as const) {
      suite.it(`lets none of those out, with the other one ${side}`, async () => {
        const { airlock, policy } = await suite.boot();
        const trial = new Trial();
        const other: Policy = { allows: (intent) => trial.indexOf(intent) % 2 === 0 };
        const [inner, outer] = side === 'inside' ? [other, policy] : [policy, other];
        await trial.within(airlock, outer, () => withPolicy(inner, () => trial.makeAll(twice(suite.sample))));
        const isKept = (fate: string): boolean => /: (dropped|refused|failed with .*)$/.test(fate);
        suite.same(
          trial.fates.filter((fate, i) => i % 2 === 1 && !isKept(fate)),
          [],
        );
      });
    }
  });

  suite.when('it lets calls out', () => {
    suite.it('lets each out once, in the order of the calls', async () => {
      const trial = await suite.trialOf(Array.from({ length: 5 }, () => suite.sample).flat());
      suite.same(
        trial.fates.filter((fate) => fate.includes('its effect ran') || fate.endsWith(': lost')),
        [],
      );
      suite.same(trial.ways.out, trial.ways.called);
    });
  });

  suite.when('it stands in another place', () => {
    const places: readonly (readonly [place: string, run: (suite: PolicySuite, trial: Trial) => Promise<void>])[] = [
      ['around the calls', around],
      ['on each effect alone', alone],
      ['between other policies', between],
      ['on the whole application', everywhere],
    ];
    for (const [place, run] of places) {
      suite.it(`answers ${place} as on the scope itself`, async () => {
        const trial = new Trial();
        await run(suite, trial);
        suite.same(trial.fates, await suite.fatesOf(suite.sample));
      });
    }
  });
}

async function around(suite: PolicySuite, trial: Trial): Promise<void> {
  const { airlock, policy } = await suite.boot();
  await trial.within(airlock, [], () => withPolicy(policy, () => trial.makeAll(suite.sample)));
}

async function alone(suite: PolicySuite, trial: Trial): Promise<void> {
  const { airlock, policy } = await suite.boot();
  await trial.within(airlock, [], () => trial.makeAll(suite.sample, { policy }));
}

async function between(suite: PolicySuite, trial: Trial): Promise<void> {
  const { airlock, policy } = await suite.boot();
  await trial.within(airlock, ALLOWING, () =>
    withPolicy(policy, () => withPolicy(ALLOWING, () => trial.makeAll(suite.sample))),
  );
}

async function everywhere(suite: PolicySuite, trial: Trial): Promise<void> {
  await trial.within(await suite.bootUnder(), [], () => trial.makeAll(suite.sample));
}

function twice(calls: readonly Call[]): readonly Call[] {
  return calls.flatMap((call) => [call, call]);
}
