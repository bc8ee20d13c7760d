import { isThenable } from '../../../core/results/completion.js';
import { PolicyEnqueueError } from '../../../errors/policy-enqueue.error.js';
import type { PolicySuite } from './policy-suite.js';

/** Defines that a policy does what its author says, and nothing else (rules 11 to 13). @internal */
export function answerCases(suite: PolicySuite): void {
  const { stated, endings, refuses } = suite;
  const { remembers = 'nothing' } = suite.options;

  suite.when('the calls that its author has stated are made', () => {
    const lack = stated.length === 0 && 'none is stated';
    suite.it(
      'lets out, drops and refuses them as stated, in one scope',
      async () => suite.same((await suite.runOf(stated)).endings, endings),
      lack,
    );
    suite.it(
      'ends each as stated, alone',
      async () => {
        const alone: string[] = [];
        for (const call of stated) alone.push(...(await suite.runOf([call])).endings);
        suite.same(alone, endings);
      },
      lack || (remembers !== 'nothing' && 'it remembers other calls'),
    );
  });

  suite.when('it is asked', () => {
    suite.finds('answers true or false, at once or in a Promise', async () => {
      // One that rejects has thrown, which is looked at elsewhere.
      const answers = await Promise.allSettled((await answersOf(suite)).allows);
      return answers
        .flatMap((one) => (one.status === 'rejected' ? [] : typeof one.value))
        .filter((kind) => kind !== 'boolean');
    });
    suite.finds('refuses at the call or not at all: a Promise comes too late', async () => {
      const late = (await answersOf(suite)).onEnqueue.filter(isThenable);
      return (await Promise.allSettled(late)).map(({ status }) => status);
    });
    suite.finds(
      'calls no effect, neither at the call nor at the flush, nor after an await',
      async () => {
        const { refusals, failures } = await suite.runOf();
        return [...refusals, ...failures].filter((error) => error instanceof PolicyEnqueueError);
      },
    );
    suite.finds('leaves the arguments as they are', async () => (await suite.runOf()).touched);
    suite.finds(
      'tells the caller in an Error where it refuses',
      async () => {
        const { refusals } = await suite.runOf(refuses);
        return refusals.filter((error) => !(error instanceof Error)).map(String);
      },
      refuses.length === 0 && 'it refuses no call',
    );
  });
}

/** Collects what its methods answer about the sample. */
async function answersOf(suite: PolicySuite): Promise<Record<'allows' | 'onEnqueue', unknown[]>> {
  const allows: unknown[] = [];
  const onEnqueue: unknown[] = [];
  const noted = <T>(answers: unknown[], answer: T): T => (answers.push(answer), answer);
  await suite.runOf(suite.sample, (policy) => ({
    onEnqueue: (intent) => noted(onEnqueue, policy.onEnqueue?.(intent)),
    allows: (intent) => noted(allows, policy.allows === undefined || policy.allows(intent)),
  }));
  return { allows, onEnqueue };
}
