import { defer, enqueue, enqueueWith } from '../../../core/functions.js';
import { SideEffect } from '../../../nest/decorators/side-effect.decorator.js';
import { PolicyRun } from './policy-run.js';
import type { PolicySuite } from './policy-suite.js';

/**
 * Defines that it has an answer for whatever can be called: an error of `allows` is a fault that
 * looks like a drop (rule 14).
 * @internal
 */
export function kindCases(suite: PolicySuite): void {
  const cases = (): void => {
    for (const [kind, call] of kinds()) {
      suite.it(`has an answer for ${kind}`, async () => {
        const { airlock, policy } = await suite.boot();
        const run = new PolicyRun();
        const refusals: unknown[] = [];
        await run
          .within(airlock, policy, async () => call())
          .catch((error: unknown) => refusals.push(error));
        suite.same(run.failures, []);
        // An error nobody spoke of is more likely a mistake in `onEnqueue` than a refusal.
        const stated = (await suite.runOf(suite.refuses)).refusals.map(classOf);
        suite.same(
          refusals.filter((error) => !stated.includes(classOf(error))),
          [],
        );
      });
    }
  };
  suite.when('all kinds of calls are made', cases, suite.options.throws === true && 'it may throw');
}

function classOf(error: unknown): unknown {
  return error instanceof Error ? error.constructor : typeof error;
}

function named(..._args: readonly unknown[]): void {}

class Mailer {
  @SideEffect()
  async decorated(..._args: readonly unknown[]): Promise<void> {}

  plain(..._args: readonly unknown[]): void {}
}

/** Makes them anew for each suite: what a policy does to arguments must not reach another. */
function kinds(): readonly (readonly [kind: string, call: () => unknown])[] {
  const mailer = new Mailer();
  const circular: { self?: unknown } = {};
  circular.self = circular;
  // An instance: of plain data an effect gets a copy.
  const frozen = Object.freeze(new Mailer());
  const sent = { dispatchOptions: { delay: 7 } };
  const oddities = [7n, Symbol('seven'), named, new Map([[1, 2]]), mailer];
  return [
    ['a function without a name', () => enqueue(() => {})],
    ['a method of a deferred object', () => defer(mailer).plain(7)],
    ['a method with @SideEffect()', () => mailer.decorated(7)],
    ['a call for failures', () => enqueueWith({ on: 'failure' }, named, 7)],
    ['a call with options for its executor', () => enqueueWith(sent, named, 7)],
    ['a call without arguments', () => enqueue(named)],
    ['arguments that are nothing', () => enqueue(named, undefined, null, Number.NaN, '')],
    ['arguments that JSON does not know', () => enqueue(named, ...oddities)],
    ['an argument without a prototype', () => enqueue(named, Object.create(null))],
    ['an argument that contains itself', () => enqueue(named, circular)],
    ['an argument that is frozen', () => enqueue(named, frozen)],
  ];
}
