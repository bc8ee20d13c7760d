import { COMPLETED, FAILED, type BoundarySuite } from './boundary-suite.js';

/** Defines which effects get out for each end of a call (rules 1 to 8). */
export function outcomeCases(suite: BoundarySuite): void {
  const noStreams = suite.options.observable !== true && 'no Observables here';

  suite.when('the handler ends', () => {
    suite.it('lets effects out after a value', () => suite.comesTo('return', COMPLETED));
    suite.it('lets effects out after a Promise', () => suite.comesTo('resolve', COMPLETED));
    suite.it(
      'lets them out before its caller has the end of the answer',
      async () => {
        const call = suite.newCall();
        await suite.trigger(call, 'resolve');
        suite.endsAs(call, COMPLETED);
      },
      suite.unanswered,
    );
    suite.it('drops them where it throws', () => suite.comesTo('throw', FAILED));
    suite.it('drops them where it rejects', () => suite.comesTo('reject', FAILED));

    suite.it(
      'lets them out at the end of an Observable',
      () =>
        suite.comesTo('stream', {
          out: ['at the call', 'success', 'always', 'midway'],
          dropped: ['failure'],
        }),
      noStreams,
    );
    suite.it(
      'drops them where an Observable breaks off',
      () =>
        suite.comesTo('break off', {
          out: ['failure', 'always'],
          dropped: ['at the call', 'success', 'midway'],
        }),
      noStreams,
    );
  });

  suite.when('the handler is at work', () => {
    suite.it('lets nothing out', async () => {
      const call = suite.newCall();
      const triggered = suite.trigger(call, 'wait');
      await call.underway;
      suite.endsAs(call, { out: [], dropped: [] });
      call.open();
      await triggered;
      await call.settled();
      suite.endsAs(call, { out: [...COMPLETED.out, 'late'], dropped: COMPLETED.dropped });
    });
  });

  suite.when('a caller leaves in the middle of a stream', () => {
    const stays =
      noStreams || (suite.options.leaves !== true && 'the handler does not stop for one');

    suite.it(
      'drops what waits for success, under `onCancel: "flush"` what waits for failure',
      async () => {
        for (const [application, out, dropped] of [
          [suite.application, ['always'], ['at the call', 'success', 'failure', 'midway']],
          [
            await suite.boot({ onCancel: 'flush' }),
            ['at the call', 'success', 'always', 'midway'],
            ['failure'],
          ],
        ] as const) {
          const call = suite.newCall();
          await application.leave(call);
          await call.settled();
          suite.endsAs(call, { out, dropped });
        }
      },
      stays,
    );
  });
}
