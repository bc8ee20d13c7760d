import { enqueue, withPolicy } from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { checkAfterEach, send, sent } from '../fixtures.js';

checkAfterEach();

/** As libraries have one of their own. */
class LibraryPromise<T> extends Promise<T> {
  /** Begins where it is listened to, like a query. */
  work: (() => void) | undefined;

  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.work?.();
    this.work = undefined;
    return super.then(onFulfilled, onRejected);
  }
}

const runtime = new AirlockRuntime();

describe('when one Promise of a subclass is kept and returned to many', () => {
  it('is of use to those that come after the scope of the first', async () => {
    const token = LibraryPromise.resolve('token');
    for (let i = 0; i < 3; i++) {
      const scope = runtime.open();
      expect(await scope.run(() => token)).toBe('token');
      await scope.end('completed');
    }
    expect(await token).toBe('token');
  });

  it('is not covered anew by each', async () => {
    const token = LibraryPromise.resolve('token');
    await withPolicy({}, () => token);
    const covered = Object.getOwnPropertyDescriptors(token);
    for (let i = 0; i < 3; i++) await withPolicy({}, () => token);
    expect(Object.getOwnPropertyDescriptors(token)).toEqual(covered);
  });

  it.each<[string, (query: Promise<string>) => Promise<unknown>]>([
    ['then', (query) => query.then(() => {})],
    ['catch', (query) => query.catch(() => {})],
    ['finally', (query) => query.finally(() => {})],
  ])('begins within all that covers it: %s', async (_, listen) => {
    const asked: string[] = [];
    const policy = (name: string) => ({ allows: () => (asked.push(name), true) });
    await runtime.run({}, async () => {
      const query = LibraryPromise.resolve('rows') as LibraryPromise<string>;
      query.work = () => enqueue(send, 'queried');
      await listen(withPolicy(policy('outer'), () => withPolicy(policy('inner'), () => query)));
    });
    expect({ asked, sent }).toEqual({ asked: ['inner', 'outer'], sent: ['queried'] });
  });
});
