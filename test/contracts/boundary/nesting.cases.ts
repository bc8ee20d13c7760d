import type { BoundarySuite } from './boundary-suite.js';

/** Defines scopes inside the handler, and effects of its effects (rules 15, 17 and 19). */
export function nestingCases(suite: BoundarySuite): void {
  suite.when('the handler opens scopes', () => {
    suite.it('captures what one that completes hands up, and not what one that fails loses', () =>
      suite.comesTo('nest', { out: ['before', 'inside', 'after'], dropped: ['lost'] }),
    );

    suite.it('drops all of it where it fails itself', () =>
      suite.comesTo('nest and reject', { out: [], dropped: ['lost', 'before', 'inside', 'after'] }),
    );

    for (const action of ['leave a scope behind', 'leave a scope behind and reject'] as const) {
      const fails = action.endsWith('reject');
      suite.it(
        `is followed by one that outlives it, into ${fails ? 'failure' : 'success'}`,
        async () => {
          const call = suite.newCall();
          await suite.trigger(call, action);
          await call.handled();
          call.open();
          await call.settled();
          suite.endsAs(call, {
            out: fails ? [] : ['early', 'late'],
            dropped: fails ? ['early', 'late'] : [],
          });
        },
      );
    }
  });

  suite.when('its effects call effects', () => {
    suite.it('takes their own effects for a cascade, outside the scope of the handler', () =>
      suite.comesTo('cascade', { out: ['cause, which sees 0', 'consequence'], dropped: [] }),
    );
  });
}
