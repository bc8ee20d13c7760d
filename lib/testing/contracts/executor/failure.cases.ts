import { DispatchError } from '../../../errors/dispatch.error.js';
import { UnknownEffectError } from '../../../errors/unknown-effect.error.js';
import { swallowed } from '../expected-error.js';
import type { ExecutorSuite } from './executor-suite.js';

/** Defines what becomes of effects that fail, and of those they called. @internal */
export function failureCases(suite: ExecutorSuite): void {
  if (suite.isRemote) remoteFailureCases(suite);
  else localFailureCases(suite);

  suite.when('an effect calls effects itself', () => {
    suite.it('lets them out when it has succeeded, in the order of the calls', async () => {
      await suite.airlock.run(() => suite.effects.call('outer', 'succeeds'));
      await suite.ran(['outer', 'outer first', 'outer second']);
    });

    suite.it('drops them when it fails', async () => {
      const { airlock, effects, attempts, isRemote } = suite;
      await airlock.run(() => effects.call('outer', 'fails')).catch(() => {});
      await suite.ran(Array.from({ length: isRemote ? attempts : 1 }, () => 'outer'));
    });
  });
}

function localFailureCases(suite: ExecutorSuite): void {
  suite.when('an effect fails', () => {
    suite.it('runs the others and tells the opener of the scope which one failed', async () => {
      const { airlock, effects } = suite;
      const error = await swallowed(() =>
        airlock.run(async () => {
          await effects.tell('one');
          await effects.fail('two');
          await effects.tell('three');
        }),
      );
      await suite.ran(['one', 'two', 'three']);
      suite.same(
        error instanceof DispatchError && error.failures.map(({ intent }) => intent.name),
        ['ContractEffects.fail'],
      );
    });
  });
}

function remoteFailureCases(suite: ExecutorSuite): void {
  const { attempts } = suite;
  suite.when('an effect fails', () => {
    suite.it('runs the others once, and nobody tells the scope, which has ended', async () => {
      const { airlock, effects } = suite;
      await airlock.run(async () => {
        await effects.tell('one');
        await effects.fail('bad');
        await effects.tell('three');
      });
      await suite.until(() => suite.record.ran.length >= 2 + attempts);
      await suite.caughtUp();
      suite.same(
        suite.inOrder(suite.record.ran.filter((text) => text !== 'bad')),
        suite.inOrder(['one', 'three']),
      );
    });

    suite.it(
      `tries it ${attempts === 1 ? 'once' : `${attempts} times`}, under one id`,
      async () => {
        const { airlock, effects } = suite;
        const already = suite.delivered().length;
        await airlock.run(() => effects.fail('bad'));
        await suite.ran(Array.from({ length: attempts }, () => 'bad'));
        const failures = suite
          .delivered()
          .slice(already)
          .filter(({ error }) => error !== undefined);
        suite.same(failures.length, attempts);
        suite.same(new Set(failures.map(({ id }) => id)).size, 1);
      },
    );
  });

  suite.when('the running side does not have an effect', () => {
    suite.it('fails it, naming the effect, and runs the others', async () => {
      const { airlock, effects, absentee } = suite;
      const already = suite.delivered().length;
      await airlock.run(async () => {
        await absentee.run('lost');
        await effects.tell('after');
      });
      await suite.ran(['after']);
      const refusals = () =>
        suite
          .delivered()
          .slice(already)
          .map(({ error }) => error instanceof UnknownEffectError && error.effect);
      await suite.until(() => refusals().includes('ContractAbsentee.run'));
      suite.same(refusals().includes('ContractAbsentee.run'), true);
    });
  });

  suite.when('effects reach the running side', () => {
    suite.it('has kept their ids from the call on', async () => {
      const { airlock, effects } = suite;
      const already = suite.delivered().length;
      const scope = airlock.open();
      await scope.run(async () => {
        await effects.tell('one');
        await effects.tell('two');
      });
      const ids = scope.intents.map(({ id }) => id);
      await scope.end('completed');
      await suite.ran(['one', 'two']);
      const arrived = suite
        .delivered()
        .slice(already)
        .map(({ id }) => id);
      suite.same(suite.inOrder(arrived.filter((id) => ids.includes(id))), suite.inOrder(ids));
    });
  });
}
