import { checkForLeaks } from 'nestjs-airlock/testing';
import { catchError, finalize, from, lastValueFrom, of, retry, throwError, timeout } from 'rxjs';
import { gate } from '../e2e/http/fixtures.js';
import { Again, kinds, type Plan } from './again.fixtures.js';

jest.setTimeout(60_000);

const fails: Plan['work'] = async (nth, { effects }) => {
  effects.one(`success ${nth}`);
  await Promise.resolve();
  effects.one(`failure ${nth}`, 'failure');
  effects.one(`always ${nth}`, 'always');
  throw new Error('out of stock');
};

const ways = [
  ...kinds.map((kind) => [kind, 'request'] as const),
  ['HTTP on Express', 'handler'] as const,
  ['HTTP on Fastify', 'handler'] as const,
];

describe.each(ways)(
  'on %s with openAt %s, when an interceptor answers for a handler',
  (kind, openAt) => {
    const cached = kind === 'WebSockets' ? { event: 'placed', data: 'cached' } : 'cached';
    let again: Again;
    beforeAll(async () => {
      again = await Again.start(kind, { boundaries: { http: { openAt } } });
    });
    afterAll(async () => again.close());
    checkForLeaks();

    it.each<[string, Plan['around']]>([
      [
        'catchError',
        (next, { effects }) =>
          next.handle().pipe(catchError(() => (effects.one('fallback'), of(cached)))),
      ],
      [
        'await',
        (next, { effects }) =>
          from(
            lastValueFrom(next.handle()).catch(async () => {
              await Promise.resolve();
              effects.one('fallback');
              return cached;
            }),
          ),
      ],
    ])(
      'lets out of what that has called what is for a failure, and all that the interceptor calls: %s',
      async (_how, around) => {
        const { out, dropped } = await again.call({ around, work: fails });
        expect(out).toEqual(['outer', 'failure 0', 'always 0', 'fallback']);
        expect(dropped).toEqual(['inner: outcome', 'success 0: outcome']);
      },
    );

    it('drops what was called by one that took too long', async () => {
      const end = gate();
      const { out, dropped } = await again.call({
        around: (next) => next.handle().pipe(timeout({ first: 20, with: () => of(cached) })),
        work: async (nth, { effects }) => {
          effects.one(`success ${nth}`);
          await end.passed;
        },
      });
      end.open();
      expect(out).toEqual(['outer']);
      expect(dropped).toEqual(['inner: outcome', 'success 0: outcome']);
    });

    it('counts the last invocation alone, where it was invoked again', async () => {
      const { out, dropped } = await again.call({
        around: (next, { effects }) =>
          next.handle().pipe(
            retry(1),
            catchError(() => (effects.one('fallback'), of(cached))),
          ),
        work: fails,
      });
      expect(out).toEqual(['outer', 'failure 1', 'always 1', 'fallback']);
      expect(dropped.filter((one) => one.endsWith('retry'))).toHaveLength(4);
    });

    it('drops what it calls itself, where it fails too', async () => {
      const { out } = await again.call({
        around: (next, { effects }) =>
          next.handle().pipe(
            catchError((error: unknown) => {
              effects.one('fallback');
              return throwError(() => error);
            }),
          ),
        work: fails,
      });
      expect(out).toEqual(['failure 0', 'always 0']);
    });

    it('has what it calls at the end in any case be part of the work', async () => {
      const { out } = await again.call({
        around: (next, { effects }) =>
          next.handle().pipe(finalize(() => effects.one('finalize', 'always'))),
        work: fails,
      });
      expect(out).toEqual(['failure 0', 'always 0', 'finalize']);
    });

    it('is not failed by a refusal that nobody has listened to in the handler', async () => {
      const refuses = {
        onEnqueue(): void {
          throw new Error('refused');
        },
      };
      const { out } = await again.call({
        around: (next) => next.handle().pipe(catchError(() => of(cached))),
        work: (_nth, desk) => {
          desk.buffer.withPolicy(refuses, () => void desk.mail('refused'));
          throw new Error('out of stock');
        },
      });
      expect(out).toEqual(['outer']);
    });
  },
);
