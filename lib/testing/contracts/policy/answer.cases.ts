import { withPolicy } from '../../../core/functions.js';
import type { Intent } from '../../../core/model/intent.js';
import type { Policy } from '../../../core/model/policy.js';
import { isThenable } from '../../../core/results/completion.js';
import { PolicyEnqueueError } from '../../../errors/policy-enqueue.error.js';
import { neutralCalls } from './call.js';
import { PolicyRun } from './policy-run.js';
import type { PolicySuite } from './policy-suite.js';

type Hook = 'allows' | 'onEnqueue';

/** Defines that a policy does what its author says, and nothing else (rules 11 to 13). @internal */
export function answerCases(suite: PolicySuite): void {
  const { stated, refuses } = suite;
  const expected = stated.flatMap(([ending, calls]) =>
    calls.map((call) => ({ call, ending: `${call.text}: ${ending}` })),
  );

  suite.when('the calls that its author has stated are made', () => {
    suite.it(
      'lets out, drops and refuses them as stated, in one scope',
      async () => {
        const endings = await suite.endingsOf(expected.map(({ call }) => call));
        suite.same(
          endings,
          expected.map(({ ending }) => ending),
        );
      },
      expected.length === 0 && 'none is stated',
    );

    if (suite.remembers !== 'nothing') return;
    for (const { call, ending } of expected) {
      suite.it(`ends as stated, alone: ${ending}`, async () =>
        suite.same(await suite.endingsOf([call]), [ending]),
      );
    }
  });

  suite.when('it is asked', () => {
    suite.it('answers true or false, at once or in a Promise', async () => {
      // One that rejects has thrown, which is looked at elsewhere.
      const settled = await Promise.allSettled(await answersOf(suite, 'allows'));
      const kinds = settled.flatMap((one) =>
        one.status === 'fulfilled' ? [typeof one.value] : [],
      );
      suite.same(
        kinds.filter((kind) => kind !== 'boolean'),
        [],
      );
    });

    suite.it('refuses at the call or not at all: a Promise comes too late', async () => {
      const late = (await answersOf(suite, 'onEnqueue')).filter(isThenable);
      await Promise.allSettled(late);
      suite.same(late.length, 0);
    });

    suite.it(
      'calls no effect, neither at the call nor at the flush, nor after an await',
      async () => {
        const { refusals, failures } = await suite.runOf(suite.sample);
        suite.same(
          [...refusals, ...failures].filter((error) => error instanceof PolicyEnqueueError),
          [],
        );
      },
    );

    suite.it('leaves the arguments as they are', async () => {
      suite.same((await suite.runOf(suite.sample)).touched, []);
    });
  });

  if (refuses.length === 0) return;
  suite.when('it refuses a call', () => {
    suite.it('leaves nothing of it behind, and keeps what was called before', async () => {
      const { airlock, policy } = await suite.boot();
      const run = new PolicyRun();
      const buffers: (readonly string[])[] = [];
      await run.within(airlock, [], () => {
        const look = (): unknown => buffers.push(airlock.currentScope!.intents.map(String));
        run.makeAll(neutralCalls());
        look();
        withPolicy(policy, () => run.makeAll(refuses));
        look();
      });
      suite.same(buffers[1], buffers[0]);
      suite.same(run.endings, [
        ...neutralCalls().map((call) => `${call.text}: out`),
        ...refuses.map((call) => `${call.text}: refused`),
      ]);
    });

    suite.it('tells the caller in an Error', async () => {
      const { refusals } = await suite.runOf(refuses);
      suite.same(refusals.filter((error) => !(error instanceof Error)).map(String), []);
    });
  });
}

/** Collects what one of its methods answers about the sample. */
async function answersOf(suite: PolicySuite, method: Hook): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  const heard = (policy: Policy, asked: Hook, intent: Intent): unknown => {
    const answer: unknown = policy[asked]?.(intent);
    if (asked === method && policy[asked] !== undefined) answers.push(answer);
    return answer;
  };
  await suite.runOf(suite.sample, (policy) => ({
    onEnqueue: (intent) => heard(policy, 'onEnqueue', intent) as void,
    allows: (intent) =>
      policy.allows === undefined ? true : (heard(policy, 'allows', intent) as boolean),
  }));
  return answers;
}
