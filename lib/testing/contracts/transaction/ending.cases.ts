import { runInScope } from '../../../core/functions.js';
import type { ContractTransaction } from './transaction-contract.js';
import { ExpectedError } from '../expected-error.js';
import type { TransactionSuite } from './transaction-suite.js';

type Where = Pick<ContractTransaction, 'query'>;

/** Places of the work whose end is varied. */
const FRAMES = ['no transaction', 'a transaction', 'a savepoint'] as const;
type Frame = (typeof FRAMES)[number];

/** Ends of that work and its scope. */
const ENDINGS = [
  'completes',
  'fails',
  'fails and the error is swallowed',
  'completes and its scope fails',
] as const;
type Ending = (typeof ENDINGS)[number];

/** Policies by the names they let out. */
const POLICIES: Readonly<Record<string, (name: string) => boolean>> = {
  'no policy': () => true,
  'a policy that blocks some': (name) => !name.includes('blocked'),
  'a policy that drops all': () => false,
};

const ALL = ['before', 'inside', 'inside, blocked', 'after'];

/** Rows that exist in the end. */
const ROWS: Readonly<Record<Frame, Readonly<Record<Ending, readonly string[]>>>> = {
  'no transaction': {
    completes: ALL,
    fails: ['before', 'inside', 'inside, blocked'],
    'fails and the error is swallowed': ALL,
    'completes and its scope fails': ALL,
  },
  'a transaction': {
    completes: ALL,
    fails: ['before'],
    'fails and the error is swallowed': ['before', 'after'],
    'completes and its scope fails': ALL,
  },
  'a savepoint': {
    completes: ALL,
    fails: [],
    'fails and the error is swallowed': ['before', 'after'],
    'completes and its scope fails': ALL,
  },
};

/**
 * Defines the truth table of outcome × policy × frame: effects that got out are the rows, minus
 * what outcome and policy forbid.
 * @internal
 */
export function endingCases(suite: TransactionSuite): void {
  for (const frame of FRAMES) {
    for (const ending of ENDINGS) {
      suite.when(`work in ${frame} ${ending}`, () => {
        for (const policy of Object.keys(POLICIES)) endingCase(suite, frame, ending, policy);
      });
    }
  }
}

function endingCase(suite: TransactionSuite, frame: Frame, ending: Ending, policy: string): void {
  const rows = ROWS[frame][ending];
  const scopeCompletes = ending === 'completes' || ending === 'fails and the error is swallowed';
  const allowed = POLICIES[policy]!;
  const out = scopeCompletes ? rows.filter(allowed) : [];
  const truth = `leaves ${shown(rows)} and lets out ${shown(out)} under ${policy}`;
  const test = async (): Promise<void> => {
    const running = runInScope({ policy: { allows: ({ name }) => allowed(name) } }, async () => {
      await steps(suite, frame, ending);
      if (ending === 'completes and its scope fails') throw new ExpectedError();
    });
    if (scopeCompletes) await running;
    else await running.catch(ignoreExpected);
    await suite.leaves({ rows, out });
  };
  suite.it(truth, test, frame === 'a savepoint' && suite.lacks.savepoints);
}

async function steps(
  { client, first }: TransactionSuite,
  frame: Frame,
  ending: Ending,
): Promise<void> {
  const inside = async (where: Where): Promise<void> => {
    await first.step(where, 'inside');
    await first.step(where, 'inside, blocked');
    if (ending.startsWith('fails')) throw new ExpectedError();
  };
  const around = async (where: Where, work: () => Promise<void>): Promise<void> => {
    await first.step(where, 'before');
    await (ending === 'fails and the error is swallowed' ? work().catch(ignoreExpected) : work());
    await first.step(where, 'after');
  };
  if (frame === 'no transaction') await around(client, () => inside(client));
  else if (frame === 'a transaction') await around(client, () => client.transaction(inside));
  else await client.transaction((tx) => around(tx, () => tx.savepoint!(inside)));
}

/** Swallows an expected error, also where the client wraps or replaces it. */
function ignoreExpected(error: unknown): void {
  if (!(error instanceof ExpectedError)) throw error;
}

function shown(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.map((name) => `"${name}"`).join(', ');
}
