import type { EffectView, UnitView } from './inspector.view.js';

/** Facts that a sentence about an effect is made of. */
interface Circumstances {
  readonly state: EffectView['state'];
  readonly reason: string | undefined;
  /** Class name of a policy, and the phrase for where it stands. */
  readonly policy: { readonly name: string; readonly place: string } | undefined;
  readonly on: 'success' | 'failure' | 'always';
  readonly executor: string;
  readonly isRemote: boolean;
  /** Name of the transaction that decides about it. */
  readonly transaction: string | undefined;
  readonly isCommitted: boolean;
  readonly unit: Pick<UnitView, 'outcome' | 'kind'>;
}

type Sentence = (circumstances: Circumstances) => string;

/** Nouns for the unit of work of each kind of entry point, and for the method that serves it. */
const nouns: Readonly<Record<string, readonly [work: string, handler: string]>> = {
  http: ['request', 'route'],
  rpc: ['message', 'handler'],
  ws: ['message', 'handler'],
  graphql: ['operation', 'resolver'],
  bullmq: ['job', 'processor'],
  schedule: ['scheduled run', 'scheduled method'],
  'event-emitter': ['event', 'listener'],
  cqrs: ['handler', 'handler'],
  commander: ['command', 'command'],
};

/** @internal */
export function nounsOf(kind: string): readonly [work: string, handler: string] {
  return nouns[kind] ?? ['unit of work', 'method'];
}

const states: Readonly<Record<EffectView['state'], Sentence>> = {
  buffered: ({ unit: { kind } }) => `Kept in until the ${nounsOf(kind)[0]} ends.`,
  waiting: ({ transaction, isCommitted }) =>
    transaction === undefined || isCommitted
      ? 'Let out, and waits for its turn.'
      : `Let out, and waits for the commit of ${quoted(transaction)}.`,
  sent: ({ isRemote, executor }) => (isRemote ? `Handed to ${executor}.` : 'Ran without an error.'),
  failed: ({ policy }) =>
    policy === undefined
      ? 'Failed when it ran.'
      : `Failed: ${policy.name} ${policy.place} threw, so it was not let out.`,
  dropped: (circumstances) => (reasons[circumstances.reason ?? ''] ?? unknown)(circumstances),
};

const unknown: Sentence = ({ reason }) => `Dropped (${reason ?? 'no reason given'}).`;

/** By `DropReason`. */
const reasons: Readonly<Record<string, Sentence>> = {
  policy: ({ policy }) =>
    policy === undefined
      ? 'Dropped: a policy said no.'
      : `Dropped: ${policy.name} ${policy.place} said no.`,
  outcome: ({ on, unit: { outcome, kind } }) => {
    const [work] = nounsOf(kind);
    if (on === 'failure')
      return `Dropped: it is for a failure (on: 'failure'), and the ${work} did not fail.`;
    if (outcome === 'cancelled')
      return `Dropped because the ${work} was cancelled before it ended.`;
    if (outcome === 'failed') return `Dropped because the ${work} failed.`;
    return `Dropped because of how the ${work} ended.`;
  },
  failFast: () => 'Dropped: an effect before it failed, and its scope stops at the first failure.',
  discarded: () => 'Dropped: its scope was discarded by hand.',
  rollback: ({ transaction }) =>
    `Dropped because ${transaction === undefined ? 'its transaction' : quoted(transaction)} was rolled back.`,
  duplicate: () => 'Dropped: another call under the same dedupe key goes out for it.',
  retry: () => 'Dropped: its handler failed and was invoked again.',
  outsideScope: () => 'Dropped: it was called outside any scope.',
  refused: () =>
    'Refused with NoScopeError: it was called outside any scope. Open one with `airlock.run`, or set `outsideScope`.',
  late: () => 'Dropped: it was called after its scope had ended. Look for a missing `await`.',
};

/** @internal */
export function sentenceFor(circumstances: Circumstances): string {
  return states[circumstances.state](circumstances);
}

function quoted(transaction: string): string {
  return transaction === 'transaction' ? 'its transaction' : `transaction "${transaction}"`;
}
