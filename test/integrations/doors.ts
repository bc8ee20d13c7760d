import { enqueue, runInScope } from 'nestjs-airlock';
import { airlockMatchers, captureEffects } from 'nestjs-airlock/testing';
import { errorOf, send, sent, texts } from '../unit/core/fixtures.js';

/**
 * A way into a transaction: begins one, does the work in it, and commits, or rolls back where that
 * fails.
 */
export type Door = (work: () => Promise<void>) => Promise<unknown>;

export interface Doors {
  /** Run a callback in the transaction. */
  readonly byCallback: Readonly<Record<string, Door>>;
  /** Begin and end it by calls, so that the function which does so stands in it. */
  readonly byStatements?: Readonly<Record<string, Door>>;
  /** Adapters are told nothing of these; the page of the client says so. */
  readonly notCovered?: Readonly<Record<string, Door>>;
}

const refuse = (): never => {
  throw new Error('no stock');
};

expect.extend(airlockMatchers);

/** The table of a client's doors, each opened. */
export function describeDoors(doors: Doors): void {
  const { byCallback, byStatements = {}, notCovered = {} } = doors;
  const covered = { ...byCallback, ...byStatements };

  describe('when a transaction is begun by a door that is covered', () => {
    it.each(Object.keys(covered))('lets effects out after the COMMIT: %s', async (door) => {
      await runInScope(async () => {
        await covered[door]!(async () => enqueue(send, 'tea'));
      });
      expect(sent).toEqual(['tea']);
    });

    it.each(Object.keys(covered))('drops effects with the ROLLBACK: %s', async (door) => {
      const captured = await captureEffects(async () => {
        await errorOf(() =>
          covered[door]!(async () => {
            enqueue(send, 'tea');
            refuse();
          }),
        );
        enqueue(send, 'an apology');
      });
      expect(captured).toHaveDropped(send, { args: ['tea'], reason: 'rollback' });
      expect(texts(captured.dispatched)).toEqual(['an apology']);
    });

    if (Object.keys(byCallback).length > 0) {
      it.each(Object.keys(byCallback))(
        'leaves what its caller goes on with alone: %s',
        async (door) => {
          await runInScope(async () => {
            const running = errorOf(() => byCallback[door]!(async () => refuse()));
            enqueue(send, 'meanwhile');
            await running;
          });
          expect(sent).toEqual(['meanwhile']);
        },
      );
    }
  });

  if (Object.keys(notCovered).length > 0) {
    describe('when a transaction is begun by a door that is not covered', () => {
      it.each(Object.keys(notCovered))(
        'lets effects out with their scope alone: %s',
        async (door) => {
          await runInScope(async () => {
            await errorOf(() =>
              notCovered[door]!(async () => {
                enqueue(send, 'tea');
                refuse();
              }),
            );
          });
          expect(sent).toEqual(['tea']);
        },
      );
    });
  }
}
