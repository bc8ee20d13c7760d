import { EffectSerializationError } from '../../../errors/effect-serialization.error.js';
import { swallowed } from '../expected-error.js';
import type { ExecutorSuite } from './executor-suite.js';

/** Defines how the arguments of an effect arrive (rule 5). @internal */
export function argumentCases(suite: ExecutorSuite): void {
  suite.when('an argument changes after the call', () => {
    suite.it('hands over what it was at the call', async () => {
      const { airlock, effects } = suite;
      const order = { text: 'at the call', lines: [1] };
      await airlock.run(async () => {
        await effects.read(order);
        order.text = 'since then';
        order.lines.push(2);
      });
      await suite.ran(['at the call with 1']);
    });
  });

  if (!suite.isRemote) {
    suite.when('an argument is no plain data', () => {
      suite.it('hands over itself', async () => {
        await suite.airlock.run(() => suite.effects.take(new Date(7), () => {}));
        await suite.ran(['7 function']);
      });
    });
    return;
  }

  suite.when('an argument cannot leave the process', () => {
    suite.it(
      'refuses the call where it is made, naming the path, and keeps what is buffered',
      async () => {
        const { airlock, effects } = suite;
        let refusal: unknown;
        await airlock.run(async () => {
          await effects.tell('before');
          refusal = await swallowed(() =>
            effects.read({ text: 'refused', lines: [1, { at: new Date() }] }),
          );
          await effects.tell('after');
        });
        await suite.ran(['before', 'after']);
        suite.same(
          refusal instanceof EffectSerializationError && refusal.path,
          'args[0].lines[1].at',
        );
      },
    );
  });
}
