import { isThenable } from '../../../core/results/completion.js';
import { PolicyEnqueueError } from '../../../errors/policy-enqueue.error.js';
import { endingOf, type MadeCall } from './policy-run.js';
import type { PolicySuite } from './policy-suite.js';

/** Defines that a policy does what its author says, and nothing else (rules 11 to 14). @internal */
export function answerCases(suite: PolicySuite): void {
  const { stated, endings, refuses } = suite;
  const { remembers = 'nothing', throws = false } = suite.options;

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

  suite.when('it is asked about calls of all kinds', () => {
    suite.finds('throws for none, and leaves the effects to the executor', async () => {
      const stated = (await suite.runOf(refuses)).made.map(classOfError);
      // An error of a class that is not stated is more likely a mistake in `onEnqueue` than a
      // refusal. One of `allows` looks like a drop.
      const isFault = (call: MadeCall): boolean =>
        call.runs !== (call.end === 'out' ? 1 : 0) ||
        (call.end === 'refused' && !stated.includes(classOfError(call))) ||
        (call.end === 'failed' && (!throws || call.error instanceof PolicyEnqueueError));
      return (await suite.runOf()).made
        .filter(isFault)
        .map((call) => `${endingOf(call)}; its effect ran ${call.runs} times`);
    });
    suite.finds(
      'answers true or false at the flush, and without a Promise at the call',
      async () => {
        const faults: string[] = [];
        await suite.runOf(suite.sample, (policy) => ({
          onEnqueue(intent) {
            const answer: unknown = policy.onEnqueue?.(intent);
            // It would come too late to refuse the call.
            if (isThenable(answer)) faults.push(`${intent.name}: a Promise at the call`);
            return answer as void;
          },
          async allows(intent) {
            const answer: unknown = policy.allows === undefined || (await policy.allows(intent));
            if (typeof answer !== 'boolean') faults.push(`${intent.name}: ${typeof answer}`);
            return answer === true;
          },
        }));
        return faults;
      },
    );
    suite.finds('leaves the arguments as they are', async () => {
      const { made } = await suite.runOf();
      return made
        .filter(({ call, args }) => args !== undefined && call.isTouched(args))
        .map(endingOf);
    });
  });
}

function classOfError({ error }: MadeCall): unknown {
  return error instanceof Error ? error.constructor : typeof error;
}
