import type { BoundarySuite } from './boundary-suite.js';

/** Defines what becomes of effects that fail (rules 9 and 10). */
export function failureCases(suite: BoundarySuite): void {
  suite.when('an effect fails', () => {
    suite.it('reports it, lets the others out, and changes nothing for the caller', async () => {
      const call = await suite.call('call a broken effect');
      suite.same(
        { out: call.out, failed: call.failed },
        { out: ['before', 'after'], failed: ['broken'] },
      );
      suite.same(
        suite.log.reports.map((line) => [
          line.includes(`scope "${suite.nameOf('plain')}"`),
          line.includes('broken (Error: the line is dead)'),
        ]),
        [[true, true]],
      );
      const off = await suite.bootWith(false, { outsideScope: 'drop' });
      suite.same((await suite.call('call a broken effect', 'plain', off)).ending, call.ending);
    });

    suite.it('hands it to a function, whose own error changes nothing either', async () => {
      const failures: unknown[] = [];
      const application = await suite.boot({
        onDispatchError: (error) => {
          failures.push(...error.failures.map(({ intent }) => intent.name));
          throw new Error('of the function');
        },
      });
      const { ending } = await suite.call('call a broken effect', 'plain', application);
      suite.same(failures, ['broken']);
      suite.same(
        suite.log.reports.map((line) => line.includes('broken (Error: the line is dead)')),
        [true, false],
      );
      suite.same(ending, (await suite.call('call a broken effect')).ending);
    });

    suite.it(
      'fails the call under `onDispatchError: "throw"`',
      async () => {
        const application = await suite.boot({ onDispatchError: 'throw' });
        const { ending } = await suite.call('call a broken effect', 'plain', application);
        const fine = await suite.call('call a broken effect');
        suite.same(JSON.stringify(ending) === JSON.stringify(fine.ending), false);
      },
      suite.unanswered,
    );
  });
}
