import { setImmediate } from 'node:timers/promises';
import type { PolicyRef } from '../../../core/model/policy.js';
import type { AirlockService } from '../../../nest/services/airlock.service.js';
import type { PolicySuite } from './policy-suite.js';
import { Trial } from './trial.js';

const SCOPES = 10;

/** That units of work, and applications, do not meet in it (rule 18). @internal */
export function isolationCases(suite: PolicySuite): void {
  suite.when('scopes run and flush at the same time', () => {
    suite.it(
      'answers in each as in one alone',
      async () => {
        const { airlock, policy } = await suite.boot();
        const fates = await Promise.all(Array.from({ length: SCOPES }, () => inTurns(suite, airlock, policy)));
        const alone = await suite.fatesOf(suite.sample);
        suite.same(
          fates,
          fates.map(() => alone),
        );
      },
      suite.remembers === 'application' && 'it remembers other scopes',
    );
  });

  suite.when('scopes follow one another', () => {
    suite.it(
      'answers in each as in the first',
      async () => {
        const { airlock, policy } = await suite.boot();
        const first = await inTurns(suite, airlock, policy);
        suite.same(await inTurns(suite, airlock, policy), first);
      },
      suite.remembers === 'application' && 'it remembers other scopes',
    );
  });

  suite.when('two applications in one process are under it', () => {
    suite.it('answers in each as if the other was not there', async () => {
      const alone = await suite.fatesOf(suite.sample);
      const [one, other] = [await suite.bootUnder(), await suite.bootUnder()];
      const fates = await Promise.all([inTurns(suite, one, []), inTurns(suite, other, [])]);
      suite.same(fates, [alone, alone]);
    });
  });
}

/** The fates of calls between which others take their turn. */
async function inTurns(
  suite: PolicySuite,
  airlock: AirlockService,
  policy: PolicyRef | readonly PolicyRef[],
): Promise<readonly string[]> {
  const trial = new Trial();
  await trial.within(airlock, policy, async () => {
    for (const call of suite.sample) {
      trial.makeAll([call]);
      await setImmediate();
    }
  });
  return trial.fates;
}
