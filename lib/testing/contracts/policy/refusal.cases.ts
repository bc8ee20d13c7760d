import { withPolicy } from '../../../core/functions.js';
import { neutralCalls } from './call.js';
import type { PolicySuite } from './policy-suite.js';
import { Trial } from './trial.js';

/** What is left of a call that it refuses (rule 12). @internal */
export function refusalCases(suite: PolicySuite): void {
  if (suite.refuses.length === 0) return;
  suite.when('it refuses a call', () => {
    suite.it('leaves nothing of it behind, and keeps what was called before', async () => {
      const { airlock, policy } = await suite.boot();
      const trial = new Trial();
      let before: readonly string[] = [];
      let after: readonly string[] = [];
      await trial.within(airlock, [], () => {
        const scope = airlock.currentScope!;
        trial.makeAll(neutralCalls());
        before = scope.intents.map(String);
        withPolicy(policy, () => trial.makeAll(suite.refuses));
        after = scope.intents.map(String);
      });
      suite.same(after, before);
      suite.same(trial.fates, [
        ...neutralCalls().map((call) => `${call.text}: out`),
        ...suite.refuses.map((call) => `${call.text}: refused`),
      ]);
    });

    suite.it('tells the caller in an Error', async () => {
      const { refusals } = await suite.trialOf(suite.refuses);
      const others = refusals.filter((error) => !(error instanceof Error));
      suite.same(others.map(String), []);
    });
  });
}
