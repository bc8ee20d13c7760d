import { setImmediate } from 'node:timers/promises';
import { defer, enqueue, enqueueWith } from '../../../core/functions.js';
import { SideEffect } from '../../../nest/decorators/side-effect.decorator.js';
import type { PolicySuite } from './policy-suite.js';

type Kind = readonly [kind: string, call: () => unknown];

/** Whatever can be called, it has an answer for: an error of `allows` is a fault that looks like a drop (rule 14). @internal */
export function kindCases(suite: PolicySuite): void {
  suite.when('all kinds of calls are made', () => {
    for (const [kind, call] of kinds()) {
      suite.it(
        `has an answer for ${kind}`,
        async () => {
          const { airlock, policy } = await suite.boot();
          const scope = airlock.open({ policy, shouldFlush: () => true });
          const refusal = await refusalOf(() => scope.run(call));
          const { failed } = await scope.end('failed');
          suite.same(
            failed.map(({ error }) => error),
            [],
          );
          if (refusal !== undefined) await expectAsStated(suite, refusal);
        },
        suite.throws && 'it may throw',
      );
    }
  });
}

/** An error nobody spoke of is more likely a mistake in `onEnqueue` than a refusal. */
async function expectAsStated(suite: PolicySuite, refusal: unknown): Promise<void> {
  const { refusals } = await suite.trialOf(suite.refuses);
  const isStated = refusals.some((one) => classOf(one) === classOf(refusal));
  suite.same(isStated ? 'refused as stated' : refusal, 'refused as stated');
}

function classOf(error: unknown): unknown {
  return error instanceof Error ? error.constructor : typeof error;
}

async function refusalOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

function named(..._args: readonly unknown[]): void {}

class Mailer {
  @SideEffect()
  async decorated(..._args: readonly unknown[]): Promise<void> {
    await setImmediate();
  }

  plain(..._args: readonly unknown[]): void {}
}

/** Made anew for each suite: what a policy does to arguments must not reach another. */
function kinds(): readonly Kind[] {
  const mailer = new Mailer();
  const circular: { self?: unknown } = {};
  circular.self = circular;
  // An instance: of plain data an effect gets a copy.
  const frozen = Object.freeze(new Mailer());
  return [
    ['a function', () => enqueue(named, 7)],
    ['a function without a name', () => enqueue(() => {})],
    ['a method that is bound', () => enqueue(mailer.plain.bind(mailer), 7)],
    ['a method of a deferred object', () => defer(mailer).plain(7)],
    ['a method with @SideEffect()', () => mailer.decorated(7)],
    ['a call for failures', () => enqueueWith({ on: 'failure' }, named, 7)],
    ['a call for every outcome', () => enqueueWith({ on: 'always' }, named, 7)],
    ['a call with options for its executor', () => enqueueWith({ dispatchOptions: { delay: 7 } }, named, 7)],
    ['a call with a key', () => enqueueWith({ dedupeKey: 'seven' }, named, 7)],
    ['a call with a name and an origin of its own', () => enqueueWith({ name: 'mine', origin: 'here' }, named, 7)],
    ['a call that survives a rollback', () => enqueueWith({ survivesRollback: true }, named, 7)],
    ['a call without arguments', () => enqueue(named)],
    ['arguments that are nothing', () => enqueue(named, undefined, null, Number.NaN, '')],
    ['arguments that JSON does not know', () => enqueue(named, 7n, Symbol('seven'), named, new Map([[1, 2]]), mailer)],
    ['an argument without a prototype', () => enqueue(named, Object.create(null))],
    ['an argument that contains itself', () => enqueue(named, circular)],
    ['an argument that is frozen', () => enqueue(named, frozen)],
    ['a hundred arguments', () => enqueue(named, ...Array.from({ length: 100 }, (_, i) => i))],
  ];
}
