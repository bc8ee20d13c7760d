import { COMPLETED, type BoundarySuite } from './boundary-suite.js';
import type { Role } from './handlers.js';
import { NAMED } from './contract-work.js';

/** Defines what decorators on handlers and their classes change. */
export function decoratorCases(suite: BoundarySuite): void {
  const narrowed = (...blocked: readonly (typeof NAMED)[number][]) => ({
    out: NAMED.filter((name) => !blocked.includes(name)),
    dropped: blocked,
  });

  suite.when('@UseAirlockPolicy() stands on it', () => {
    suite.it('binds the handler, from its class', async () => {
      suite.endsAs(await suite.call('name effects', 'policyOnClass'), narrowed('by class'));
    });

    suite.it('binds the handler, from its method', async () => {
      suite.endsAs(await suite.call('name effects', 'policyOnMethod'), narrowed('by method'));
    });

    suite.it('leaves other handlers alone', async () => {
      suite.endsAs(await suite.call('name effects'), narrowed());
    });
  });

  suite.when('@SkipAirlock() stands on it', () => {
    for (const role of ['skippedClass', 'skippedMethod'] as const) {
      const where = role === 'skippedClass' ? 'class' : 'method';
      suite.it(`opens no scope, from its ${where}`, async () => {
        suite.same((await suite.call('look', role)).scopes, []);
      });
    }

    if (suite.options.nested === true) {
      suite.it('leaves the handler in the scope it is called in', async () => {
        const call = suite.newCall();
        await suite.airlock.run({ name: 'around' }, () =>
          suite.trigger(call, 'look', 'skippedMethod'),
        );
        await call.settled();
        suite.same(call.scopes, ['around']);
      });
    }
  });

  suite.when('@Airlock() stands on it', () => {
    suite.it('nests that scope in the boundary', async () => {
      const call = await suite.call('resolve', 'airlocked');
      const name = suite.nameOf('airlocked');
      suite.same(call.scopes, [name, name]);
      suite.endsAs(call, { out: ['always'], dropped: ['failure', 'success'] });
    });
  });

  suite.when('its class is request-scoped', () => {
    suite.it(
      'opens a scope for each call, of whatever instance',
      async () => {
        for (const action of ['resolve', 'return'] as const)
          suite.endsAs(await suite.call(action, 'perRequest'), COMPLETED);
        suite.same(suite.instances > 0, true);
      },
      suite.options.requestScoped !== true && 'the peer knows no such classes',
    );
  });

  suite.when('the application explains itself', () => {
    suite.it('names the entry points it covers, and none that is skipped', async () => {
      const covers = await explained();
      const expected: readonly Role[] = ['plain', 'policyOnClass', 'policyOnMethod', 'airlocked'];
      suite.same(
        expected.filter((role) => !covers.includes(suite.nameOf(role))),
        [],
      );
      const skipped: readonly Role[] = ['skippedClass', 'skippedMethod'];
      suite.same(
        skipped.filter((role) => covers.includes(suite.nameOf(role))),
        [],
      );
    });
  });

  const explained = async (): Promise<readonly string[]> => {
    const { boundaries } = suite.airlock.explain();
    return boundaries.find(({ name }) => name === suite.options.boundary)!.entryPoints;
  };
}
