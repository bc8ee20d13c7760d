import { withPolicy } from '../../../core/functions.js';
import { isThenable } from '../../../core/results/completion.js';
import { PolicyEnqueueError } from '../../../errors/policy-enqueue.error.js';
import type { PolicySuite } from './policy-suite.js';
import { overheard, Trial } from './trial.js';

/** What it answers, and that it does nothing else (rules 11 to 13). @internal */
export function answerCases(suite: PolicySuite): void {
  suite.when('it is asked', () => {
    suite.it('answers true or false, at once or in a Promise', async () => {
      const answers: unknown[] = [];
      await suite.trialOf(suite.sample, (policy) =>
        overheard(policy, (hook, answer) => hook === 'allows' && answers.push(answer)),
      );
      // One that rejects has thrown, which is looked at elsewhere.
      const settled = await Promise.allSettled(answers);
      const kinds = settled.flatMap((one) => (one.status === 'fulfilled' ? [typeof one.value] : []));
      suite.same(
        kinds.filter((kind) => kind !== 'boolean'),
        [],
      );
    });

    suite.it('refuses at the call or not at all: a Promise comes too late', async () => {
      const late: unknown[] = [];
      await suite.trialOf(suite.sample, (policy) =>
        overheard(policy, (hook, answer) => hook === 'onEnqueue' && isThenable(answer) && late.push(answer)),
      );
      await Promise.allSettled(late);
      suite.same(late.length, 0);
    });

    suite.it('calls no effect, neither at the call nor at the flush, nor after an await', async () => {
      const { refusals, failures } = await suite.trialOf(suite.sample);
      suite.same(
        [...refusals, ...failures].filter((error) => error instanceof PolicyEnqueueError),
        [],
      );
    });

    suite.it('leaves the arguments as they are', async () => {
      const { touched } = await suite.trialOf(suite.sample);
      suite.same(
        touched.map(({ text }) => text),
        [],
      );
    });

    suite.it(
      'answers `passesLocalPolicies` as it does at the flush',
      async () => {
        const { airlock, policy } = await suite.boot();
        const trial = new Trial();
        const answers: string[] = [];
        await trial.within(airlock, [], async () => {
          const scope = airlock.currentScope!;
          withPolicy(policy, () => trial.makeAll(suite.sample));
          for (const intent of scope.intents) {
            const passes = await intent.passesLocalPolicies();
            answers.push(`${trial.calls[trial.indexOf(intent)]!.text}: ${passes ? 'out' : 'dropped'}`);
          }
        });
        suite.same(
          answers,
          trial.fates.filter((fate) => !fate.endsWith(': refused')),
        );
      },
      suite.remembers === 'nothing' ? suite.throws && 'it may throw' : 'it counts what it is asked',
    );
  });
}
