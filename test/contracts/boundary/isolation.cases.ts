import type { BoundarySuite } from './boundary-suite.js';

const STEPS = ['first', 'second', 'third'];

/**
 * Defines that calls at the same time are isolated, and what becomes of calls that come too late
 * (rules 3 and 18).
 */
export function isolationCases(suite: BoundarySuite): void {
  const { concurrency = 50 } = suite.options;

  suite.when(`${concurrency} calls are made at the same time`, () => {
    suite.it(
      'gives each its own effects only, in order, and drops those of failed ones alone',
      async () => {
        const calls = Array.from({ length: concurrency }, () => suite.newCall());
        const fails = (index: number): boolean => index % 3 === 2;
        await Promise.all(
          calls.map((call, index) =>
            suite.trigger(call, fails(index) ? 'take turns and reject' : 'take turns'),
          ),
        );
        await Promise.all(calls.map((call) => call.settled()));
        suite.same(
          calls.map(({ out, dropped, saw }) => ({ out, dropped, saw })),
          calls.map(({ id }, index) => ({
            out: fails(index) ? [] : STEPS,
            dropped: fails(index) ? STEPS : [],
            saw: STEPS.map((step) => `${step} of ${id}`),
          })),
        );
      },
      concurrency === 1 && 'one call at a time',
    );
  });

  suite.when('a call is forgotten to be awaited', () => {
    suite.it('drops it once the handler has ended, and throws nothing', async () => {
      const call = await suite.call('forget an await');
      call.open();
      await call.answered();
      suite.same(call.answers, ['no error']);
      suite.endsAs(call, { out: ['success', 'always'], dropped: ['failure', 'late'] });
    });
  });
}
