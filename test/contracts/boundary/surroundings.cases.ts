import { EffectBuffer } from '../../../lib/nest/services/effect-buffer.js';
import { type BoundarySuite, COMPLETED, FAILED } from './boundary-suite.js';
import { ExpectedError } from '../../../lib/testing/contracts/expected-error.js';
import { turn } from './wait-for.js';

const around = { name: 'around' };

/** Defines the handler inside other scopes (rules 3, 15, 17 and 19). */
export function surroundingsCases(suite: BoundarySuite): void {
  suite.when('it is called in a scope', () =>
    suite.options.nested === true ? nestedCases(suite) : ownScopeCases(suite),
  );

  suite.when('it is called in what an ended scope has left behind', () => {
    suite.it('is a scope of its own, and inherits nothing', async () => {
      const call = suite.newCall();
      let leftover!: Promise<void>;
      let open!: () => void;
      const gate = new Promise<void>((resolve) => (open = resolve));
      const running = suite.airlock.run(around, async () => {
        leftover = gate.then(() => suite.trigger(call, 'resolve'));
        await turn();
        throw new ExpectedError();
      });
      await running.catch(() => undefined);
      open();
      await leftover;
      await call.settled();
      suite.same(call.scopes, [suite.nameOf('plain')]);
      suite.endsAs(call, COMPLETED);
    });
  });

  suite.when('an effect calls it', () => {
    suite.it('lets its effects out, outside the scope that let out that one', async () => {
      const call = suite.newCall();
      await suite.airlock.run(around, () =>
        effectsOf(suite).enqueue(async () => {
          await suite.trigger(call, 'resolve');
          await call.handled();
        }),
      );
      await call.settled();
      suite.same(call.scopes!.at(0), suite.nameOf('plain'));
      suite.same(call.scopes!.includes('around'), false);
      suite.endsAs(call, COMPLETED);
    });
  });
}

function effectsOf(suite: BoundarySuite): EffectBuffer {
  return suite.application.app.get(EffectBuffer);
}

function nestedCases(suite: BoundarySuite): void {
  suite.it('leaves its effects to that scope, which completes', async () => {
    const call = suite.newCall();
    await suite.airlock.run(around, async () => {
      await suite.trigger(call, 'resolve');
      await call.handled();
      suite.endsAs(call, { out: [], dropped: [] });
    });
    await call.settled();
    suite.same(call.scopes, [suite.nameOf('plain'), 'around']);
    suite.endsAs(call, COMPLETED);
  });

  suite.it('leaves its effects to that scope, which fails', async () => {
    const call = suite.newCall();
    const running = suite.airlock.run(around, async () => {
      await suite.trigger(call, 'resolve');
      await call.handled();
      throw new ExpectedError();
    });
    await running.catch(() => undefined);
    await call.settled();
    suite.endsAs(call, FAILED);
  });

  suite.it('loses its own effects alone where it fails', async () => {
    const call = suite.newCall();
    await suite.airlock.run(around, async () => {
      effectsOf(suite).enqueueWith(
        { name: 'of the scope around' },
        call.tell,
        call.id,
        'of the scope around',
      );
      await suite.trigger(call, 'reject');
      await call.handled();
    });
    await call.settled();
    suite.endsAs(call, { out: ['of the scope around', ...FAILED.out], dropped: FAILED.dropped });
  });

  for (const end of ['completes', 'fails'] as const) {
    suite.it(`goes the way of that scope where it outlives it, which ${end}`, async () => {
      const call = suite.newCall();
      let triggered!: Promise<void>;
      const running = suite.airlock.run(around, async () => {
        triggered = suite.trigger(call, 'wait');
        await call.underway;
        if (end === 'fails') throw new ExpectedError();
      });
      await running.catch(() => undefined);
      suite.same(call.out, []);
      call.open();
      await triggered;
      await call.settled();
      const completed = { out: ['success', 'always', 'late'], dropped: ['failure'] };
      const failed = { out: FAILED.out, dropped: ['success', 'late'] };
      suite.endsAs(call, end === 'completes' ? completed : failed);
    });
  }
}

function ownScopeCases(suite: BoundarySuite): void {
  suite.it('is a scope of its own, which that one does not decide about', async () => {
    const call = suite.newCall();
    const running = suite.airlock.run(around, async () => {
      await suite.trigger(call, 'resolve');
      await call.settled();
      suite.endsAs(call, COMPLETED);
      throw new ExpectedError();
    });
    await running.catch(() => undefined);
    suite.same(call.scopes, [suite.nameOf('plain')]);
    suite.endsAs(call, COMPLETED);
  });
}
