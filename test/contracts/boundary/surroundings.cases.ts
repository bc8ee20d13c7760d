import { EffectBuffer } from '../../nest/services/effect-buffer.js';
import { type BoundarySuite, COMPLETED, FAILED } from './boundary-suite.js';
import { Refusal } from './contract-work.js';
import { turn } from './until.js';

const around = { name: 'around' };

/** The handler inside scopes (rules 3, 15, 17 and 19). @internal */
export function surroundingsCases(suite: BoundarySuite): void {
  suite.when('it is called in a scope', () =>
    suite.options.nested === true ? nestedCases(suite) : ownScopeCases(suite),
  );

  suite.when('it is called in what an ended scope has left behind', () => {
    suite.it('is a scope of its own, and inherits nothing', async () => {
      const task = suite.task();
      let leftover!: Promise<void>;
      let open!: () => void;
      const gate = new Promise<void>((resolve) => (open = resolve));
      const running = suite.airlock.run(around, async () => {
        leftover = gate.then(() => suite.trigger(task, 'resolve'));
        await turn();
        throw new Refusal();
      });
      await running.catch(() => undefined);
      open();
      await leftover;
      await task.settled();
      suite.same(task.scopes, [suite.nameOf('plain')]);
      suite.fate(task, COMPLETED);
    });
  });

  suite.when('an effect calls it', () => {
    suite.it('lets its effects out, outside the scope that let out that one', async () => {
      const task = suite.task();
      await suite.airlock.run(around, () =>
        effectsOf(suite).enqueue(async () => {
          await suite.trigger(task, 'resolve');
          await task.handled();
        }),
      );
      await task.settled();
      suite.same(task.scopes!.at(0), suite.nameOf('plain'));
      suite.same(task.scopes!.includes('around'), false);
      suite.fate(task, COMPLETED);
    });
  });
}

function effectsOf(suite: BoundarySuite): EffectBuffer {
  return suite.application.app.get(EffectBuffer);
}

function nestedCases(suite: BoundarySuite): void {
  suite.it('leaves its effects to that scope, which completes', async () => {
    const task = suite.task();
    await suite.airlock.run(around, async () => {
      await suite.trigger(task, 'resolve');
      await task.handled();
      suite.fate(task, { out: [], dropped: [] });
    });
    await task.settled();
    suite.same(task.scopes, [suite.nameOf('plain'), 'around']);
    suite.fate(task, COMPLETED);
  });

  suite.it('leaves its effects to that scope, which fails', async () => {
    const task = suite.task();
    const running = suite.airlock.run(around, async () => {
      await suite.trigger(task, 'resolve');
      await task.handled();
      throw new Refusal();
    });
    await running.catch(() => undefined);
    await task.settled();
    suite.fate(task, FAILED);
  });

  suite.it('loses its own effects alone where it fails', async () => {
    const task = suite.task();
    await suite.airlock.run(around, async () => {
      effectsOf(suite).enqueueWith({ name: 'of the scope around' }, task.tell, task.id, 'of the scope around');
      await suite.trigger(task, 'reject');
      await task.handled();
    });
    await task.settled();
    suite.fate(task, { out: ['of the scope around', ...FAILED.out], dropped: FAILED.dropped });
  });

  for (const end of ['completes', 'fails'] as const) {
    suite.it(`goes the way of that scope where it outlives it, which ${end}`, async () => {
      const task = suite.task();
      let triggered!: Promise<void>;
      const running = suite.airlock.run(around, async () => {
        triggered = suite.trigger(task, 'wait');
        await task.underway;
        if (end === 'fails') throw new Refusal();
      });
      await running.catch(() => undefined);
      suite.same(task.out, []);
      task.open();
      await triggered;
      await task.settled();
      const completed = { out: ['success', 'always', 'late'], dropped: ['failure'] };
      const failed = { out: FAILED.out, dropped: ['success', 'late'] };
      suite.fate(task, end === 'completes' ? completed : failed);
    });
  }
}

function ownScopeCases(suite: BoundarySuite): void {
  suite.it('is a scope of its own, which that one does not decide about', async () => {
    const task = suite.task();
    const running = suite.airlock.run(around, async () => {
      await suite.trigger(task, 'resolve');
      await task.settled();
      suite.fate(task, COMPLETED);
      throw new Refusal();
    });
    await running.catch(() => undefined);
    suite.same(task.scopes, [suite.nameOf('plain')]);
    suite.fate(task, COMPLETED);
  });
}
