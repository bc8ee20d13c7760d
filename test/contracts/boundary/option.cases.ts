import { BlockTasks } from '../../../lib/policies/block-tasks.policy.js';
import type { ContractAction } from './boundary-contract.js';
import type { BoundarySuite } from './boundary-suite.js';
import { turn } from './wait-for.js';

/** Defines what options of a boundary change. */
export function optionCases(suite: BoundarySuite): void {
  suite.when('the boundary has a policy', () => {
    suite.it('binds each handler, with the policies around and inside it', async () => {
      const application = await suite.bootWith(
        { policy: new BlockTasks(['by boundary']) },
        { policy: new BlockTasks(['by application']) },
      );
      const call = await suite.call('name effects', 'policyOnMethod', application);
      suite.endsAs(call, {
        out: ['by class', 'by nobody'],
        dropped: ['by method', 'by boundary', 'by application'],
      });
    });
  });

  suite.when('the boundary has a `shouldFlush`', () => {
    suite.it('asks it, with the outcome and the scope', async () => {
      const asked: string[] = [];
      const application = await suite.bootWith({
        shouldFlush: (outcome, { name }) => {
          asked.push(`${name}: ${outcome}`);
          return outcome === 'failed';
        },
      });
      suite.endsAs(await suite.call('resolve', 'plain', application), {
        out: ['always'],
        dropped: ['success', 'failure'],
      });
      suite.endsAs(await suite.call('reject', 'plain', application), {
        out: ['success', 'failure', 'always'],
        dropped: [],
      });
      const name = suite.nameOf('plain');
      suite.same(asked, [`${name}: completed`, `${name}: failed`]);
    });
  });

  suite.when('the boundary is switched off', () => {
    suite.it('opens no scope', async () => {
      const off = await suite.bootWith(false, { outsideScope: 'drop' });
      suite.same((await suite.call('look', 'plain', off)).scopes, []);
      const { boundaries } = off.airlock.explain();
      const { isOn, entryPoints } = boundaries.find(({ name }) => name === suite.options.boundary)!;
      suite.same({ isOn, entryPoints }, { isOn: false, entryPoints: [] });
    });

    suite.it(
      'tells a caller how a call has ended',
      async () => {
        const [resolved, rejected] = [await suite.call('resolve'), await suite.call('reject')];
        suite.same(JSON.stringify(resolved.ending) === JSON.stringify(rejected.ending), false);
      },
      suite.options.answers === false && 'nobody is answered',
    );

    suite.it('ends each call, for its caller and in the log, as it does switched on', async () => {
      const actions: ContractAction[] = ['return', 'resolve', 'throw', 'reject'];
      if (suite.options.observable === true) actions.push('stream', 'break off');
      const on = await endings(suite, actions);
      const off = await endings(
        suite,
        actions,
        await suite.bootWith(false, { outsideScope: 'drop' }),
      );
      suite.same(on, off);
    });
  });
}

/** Returns how calls end, and what others than Airlock log of each, as text without ids. */
async function endings(
  suite: BoundarySuite,
  actions: readonly ContractAction[],
  application = suite.application,
): Promise<readonly string[]> {
  const seen: string[] = [];
  for (const action of actions) {
    suite.log.clear();
    const { id, ending } = await suite.call(action, 'plain', application);
    // Peers log after the call is over.
    await turn();
    await turn();
    const text = JSON.stringify({ action, ending, logged: suite.log.others });
    seen.push(text.replaceAll(id, '').replaceAll(application.handlers.key, ''));
  }
  return seen;
}
