import fc, { type Arbitrary } from 'fast-check';
import type { EffectTrigger } from 'nestjs-airlock';
import type {
  Beside,
  Call,
  Failure,
  Frame,
  FrameEnd,
  Leftover,
  Node,
  Parallel,
  Policed,
  PolicyName,
  Step,
  Swallow,
} from './program.js';

/** One of `others` in every tenth case. */
const rarely = <T>(usual: T, ...others: T[]): Arbitrary<T> =>
  fc.oneof(
    { weight: 9, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );

const failure = fc.constant<Failure>({ kind: 'failure' });
const call = {
  on: fc.constantFrom<EffectTrigger[]>('success', 'success', 'success', 'failure', 'always'),
  survives: rarely(false, true),
  isMarked: fc.constantFrom(false, false, true),
};
const step = fc.record<Step>({
  kind: fc.constant('step'),
  ...call,
  outwards: fc.constantFrom(0, 0, 0, 1, 2),
  by: fc.constantFrom<Step['by'][]>('handle', 'context', 'both'),
});

/** Every third frame leaves something running. */
const leftovers = fc.oneof(
  { weight: 2, arbitrary: fc.constant<readonly Leftover[]>([]) },
  {
    weight: 1,
    arbitrary: fc.array(
      fc.record<Leftover>({
        does: fc.constantFrom<Leftover['does'][]>(
          'calls',
          'calls',
          'calls in a scope',
          'begins a transaction',
        ),
        call: fc.record<Call>(call),
      }),
      { minLength: 1, maxLength: 2, size: 'max' },
    ),
  },
);
const nothing = fc.constant<readonly Leftover[]>([]);

/** Some statements, after which every sixth body fails. */
const bodyOf = (node: Arbitrary<Node>, maxLength = 4): Arbitrary<readonly Node[]> =>
  fc
    .tuple(
      fc.array(node, { minLength: 1, maxLength, size: 'max' }),
      fc.oneof(
        { weight: 5, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.tuple(failure) },
      ),
    )
    .map((parts) => parts.flat());

const policed = (kind: Policed['kind'], body: Arbitrary<readonly Node[]>): Arbitrary<Node> =>
  fc.record<Policed>({
    kind: fc.constant(kind),
    policy: rarely<PolicyName>(
      'none',
      'drops marked',
      'drops marked, in its own time',
      'drops all',
    ),
    body,
  });
const parallel = (branch: Arbitrary<Node>): Arbitrary<Node> =>
  fc.record<Parallel>({
    kind: fc.constant('parallel'),
    branches: fc.array(branch, { minLength: 2, maxLength: 3, size: 'max' }),
  });

/** Swallows the failure of every other block. */
const block = (arbitrary: Arbitrary<Node>): Arbitrary<Node> =>
  fc.oneof(
    arbitrary,
    fc.record<Swallow>({ kind: fc.constant('swallow'), body: fc.tuple(arbitrary) }),
  );

type Worlds = {
  /** Outside transactions. */
  free: Node;
  /** Inside one, whose connection does one thing at a time. */
  framed: Node;
  /** Inside one, beside a savepoint in it. */
  beside: Node;
};

/**
 * How frames end that do not commit. A savepoint that is aborted poisons the whole transaction in
 * Knex, which then does not take it back.
 */
const ENDS: Readonly<
  Record<Database, { readonly transaction: FrameEnd[]; readonly savepoint: FrameEnd[] }>
> = {
  PostgreSQL: { transaction: ['breaks', 'is aborted', 'cannot commit'], savepoint: ['breaks'] },
  MariaDB: {
    transaction: ['breaks', 'deadlocks', 'deadlocks in a savepoint'],
    savepoint: ['breaks'],
  },
};

export type Database = 'PostgreSQL' | 'MariaDB';

/**
 * A scope, or scopes in a transaction that is open already when they begin, and that leaves nothing
 * running outside of them.
 */
export function programsOn(database: Database): Arbitrary<Node> {
  const ends = ENDS[database];
  const frame = (
    kind: Frame['kind'],
    body: Arbitrary<readonly Node[]>,
    left = leftovers,
  ): Arbitrary<Frame> =>
    fc.record<Frame>({
      kind: fc.constant(kind),
      end: rarely<FrameEnd>('commits', ...ends[kind]),
      body,
      leftovers: left,
    });

  const { free, framed } = fc.letrec<Worlds>((tie) => {
    // Deep enough for what can be wrong, and never more connections at a time than a pool has.
    const choice = { maxDepth: 4, depthIdentifier: 'program' };
    const outside = bodyOf(tie('free'));
    const inside = bodyOf(tie('framed'));
    const meanwhile = bodyOf(tie('beside'), 2);
    return {
      free: fc.oneof(
        choice,
        { weight: 5, arbitrary: step },
        { weight: 4, arbitrary: block(frame('transaction', inside)) },
        { weight: 2, arbitrary: block(policed('scope', outside)) },
        { weight: 1, arbitrary: block(policed('narrowing', outside)) },
        { weight: 1, arbitrary: block(parallel(tie('free'))) },
      ),
      framed: fc.oneof(
        choice,
        { weight: 5, arbitrary: step },
        { weight: 3, arbitrary: block(frame('savepoint', inside)) },
        { weight: 2, arbitrary: block(policed('scope', inside)) },
        { weight: 1, arbitrary: block(policed('narrowing', inside)) },
        { weight: 1, arbitrary: block(frame('transaction', inside)) },
        { weight: 1, arbitrary: block(parallel(frame('transaction', inside))) },
        {
          weight: 2,
          arbitrary: block(
            fc.record<Beside>({
              kind: fc.constant('beside'),
              savepoint: frame('savepoint', inside),
              body: meanwhile,
            }),
          ),
        },
      ),
      beside: fc.oneof(
        choice,
        { weight: 5, arbitrary: step },
        { weight: 2, arbitrary: block(policed('scope', meanwhile)) },
        { weight: 1, arbitrary: block(frame('transaction', inside)) },
      ),
    };
  });
  return fc.oneof(
    { weight: 3, arbitrary: policed('scope', bodyOf(free, 6)) },
    {
      weight: 1,
      arbitrary: frame('transaction', bodyOf(block(policed('scope', bodyOf(framed))), 3), nothing),
    },
  );
}
