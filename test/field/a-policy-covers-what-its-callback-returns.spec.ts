import { setTimeout } from 'node:timers/promises';
import { type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import knex from 'knex';
import {
  BehaviorSubject,
  defer,
  finalize,
  firstValueFrom,
  from,
  interval,
  isObservable,
  lastValueFrom,
  map,
  mergeMap,
  Observable,
  of,
  Subject,
  take,
  tap,
  throwError,
} from 'rxjs';
import {
  Airlock,
  AirlockModule,
  AirlockService,
  DropAll,
  EffectBuffer,
  type EffectScope,
  type FlushReport,
  NoScopeError,
  runInScope,
  SideEffect,
  withPolicy,
} from 'nestjs-airlock';
import { describeWith, postgres } from '../servers.js';
import { errorOf } from '../unit/core/fixtures.js';

const sent: string[] = [];

@Injectable()
class Mail {
  @SideEffect()
  async send(text: string): Promise<void> {
    sent.push(text);
  }
}

type Fulfilled<A> = ((value: string) => A | PromiseLike<A>) | null;
type Rejected<B> = ((error: unknown) => B | PromiseLike<B>) | null;

/** A query as those of Knex and others are: it does its work when somebody awaits it. */
class Query implements PromiseLike<string> {
  #table = '';

  constructor(private readonly work: () => Promise<unknown>) {}

  from(table: string): this {
    this.#table = table;
    return this;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- that is the point.
  then<A = string, B = never>(
    onFulfilled?: Fulfilled<A>,
    onRejected?: Rejected<B>,
  ): Promise<A | B> {
    return this.work()
      .then(() => `rows of ${this.#table}`)
      .then(onFulfilled, onRejected);
  }
}

/** As postgres.js has it: a Promise whose work begins when somebody listens. */
class LazyPromise extends Promise<string> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }
  work: (() => Promise<string>) | undefined;

  // oxlint-disable-next-line unicorn/no-thenable -- that is the point.
  override then<A = string, B = never>(
    onFulfilled?: Fulfilled<A>,
    onRejected?: Rejected<B>,
  ): Promise<A | B> {
    return this.work!().then(onFulfilled, onRejected);
  }
}

class Feed extends Observable<number> {
  readonly #topic = 'orders';
  get topic(): string {
    return this.#topic;
  }
  describe(): string {
    return `feed of ${this.#topic}`;
  }
}

@Injectable()
class Sync {
  constructor(private readonly mail: Mail) {}

  /** Sends a mail for each of what it emits, one when it is subscribed to and one at the end. */
  readonly all = (source: Observable<number> = of(1, 2)): Observable<number> =>
    defer(() => {
      void this.mail.send('subscribed');
      return source.pipe(
        tap((n) => void this.mail.send(`${n}`)),
        mergeMap(async (n) => {
          await setTimeout(1);
          await this.mail.send(`${n} in its time`);
          return n;
        }),
        finalize(() => void this.mail.send('finalized')),
        map((n) => n * 10),
      );
    });

  query(): Query {
    return new Query(() => this.mail.send('queried'));
  }

  lazyPromise(): LazyPromise {
    const promise = new LazyPromise(() => {});
    promise.work = async () => (await this.mail.send('begun'), 'done');
    return promise;
  }

  async *pages(): AsyncGenerator<number> {
    try {
      for (let page = 1; page <= 3; page++) {
        await this.mail.send(`page ${page}`);
        yield page;
      }
    } finally {
      await this.mail.send('no more pages');
    }
  }

  *steps(): Generator<number> {
    void this.mail.send('step');
    yield 1;
  }

  @Airlock(DropAll)
  async observed(): Promise<Observable<number>> {
    return this.all();
  }

  @Airlock(DropAll)
  lazily(): Promise<string> {
    return this.lazyPromise();
  }
}

@Module({ imports: [AirlockModule.forRoot()], providers: [Mail, Sync] })
class AppModule {}

describe('what a callback returns under a policy', () => {
  let app: INestApplicationContext;
  let airlock: AirlockService;
  let effects: EffectBuffer;
  let sync: Sync;
  let mail: Mail;

  beforeAll(async () => {
    app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    airlock = app.get(AirlockService);
    effects = app.get(EffectBuffer);
    sync = app.get(Sync);
    mail = app.get(Mail);
  });
  beforeEach(() => (sent.length = 0));
  afterEach(() => {
    for (const scope of byHand.splice(0)) {
      scope.close();
      scope.discard();
    }
  });
  afterAll(() => app.close());

  const byHand: EffectScope[] = [];
  const opened = (): EffectScope => {
    const scope = airlock.open({ policy: DropAll });
    byHand.push(scope);
    return scope;
  };

  const ended = async (work: () => unknown): Promise<FlushReport> => {
    const scope = airlock.open();
    await scope.run(async () => work());
    return scope.end('completed');
  };

  describe.each([
    ['effects.withPolicy', <R>(fn: () => R): R => effects.withPolicy(DropAll, fn)],
    ['withPolicy', <R>(fn: () => R): R => withPolicy(DropAll, fn)],
    ['a scope opened by hand', <R>(fn: () => R): R => opened().run(fn)],
  ])('when it is returned through %s', (name, through) => {
    const isScope = name.startsWith('a scope');

    it('lets nothing out of an Observable that is subscribed to outside', async () => {
      const { dropped } = await ended(async () => {
        expect(await lastValueFrom(through(() => sync.all()))).toBe(20);
      });
      expect(sent).toEqual([]);
      // What is called in the scope opened by hand is in its own report.
      expect(dropped.map(({ intent: { args } }) => args[0])).toEqual(isScope ? [] : ALL);
    });

    it('lets nothing out of a query that is awaited outside', async () => {
      await ended(async () => {
        const query = through(() => sync.query());
        expect(query).toBeInstanceOf(Query);
        expect(await query.from('orders')).toBe('rows of orders');
      });
      expect(sent).toEqual([]);
    });

    it('lets nothing out of a lazy Promise that is awaited outside', async () => {
      await ended(async () => {
        expect(await through(() => sync.lazyPromise())).toBe('done');
      });
      expect(sent).toEqual([]);
    });

    it('lets nothing out of a generator that is iterated outside', async () => {
      await ended(async () => {
        for await (const page of through(() => sync.pages())) if (page === 2) break;
        expect([...through(() => sync.steps())]).toEqual([1]);
      });
      expect(sent).toEqual([]);
    });

    it('lets out what its user does with it', async () => {
      await ended(async () => {
        const user = (text: string) => () => void mail.send(text);
        await lastValueFrom(
          through(() => sync.all(of(1))).pipe(
            tap({ next: user('next'), complete: user('complete'), finalize: user('finalize') }),
          ),
        );
        await new Promise<void>((resolve) =>
          through(() => sync.all(of(1))).subscribe({ next: user('observer'), complete: resolve }),
        );
        await through(() => sync.query()).then(user('then'));
        for await (const _ of through(() => sync.pages())) await mail.send('page');
        await lastValueFrom(
          through(() => throwError(() => new Error('no'))).pipe(tap({ error: user('error') })),
        ).catch(() => {});
      });
      expect(sent).toEqual([
        'next',
        'complete',
        'finalize',
        'observer',
        'then',
        'page',
        'page',
        'page',
        'error',
      ]);
    });

    it('lets nothing out of what an Observable does when it is unsubscribed from', async () => {
      await ended(async () => {
        expect(await firstValueFrom(through(() => sync.all(interval(1))))).toBe(0);
        const subscription = through(() => sync.all(new Subject())).subscribe();
        subscription.unsubscribe();
      });
      expect(sent).toEqual([]);
    });
  });

  describe('when it is looked at', () => {
    const through = <R>(fn: () => R): R => effects.withPolicy(DropAll, fn);

    it('is the same Promise, query or generator, and the same plain value', async () => {
      const values = [
        sync.query(),
        sync.pages(),
        sync.steps(),
        Promise.resolve(1),
        { id: 7 },
        [1],
        new Map(),
        () => 1,
        'text',
        null,
      ];
      for (const value of values) expect(through(() => value)).toBe(value);
    });

    it('is an Observable of the same class, with the same methods and state', async () => {
      const subject = new BehaviorSubject(1);
      const seen = through(() => subject);
      expect(seen).toBeInstanceOf(BehaviorSubject);
      expect(isObservable(seen)).toBe(true);
      const values: number[] = [];
      const subscription = seen.subscribe((value) => values.push(value));
      seen.next(2);
      subject.next(3);
      expect([seen.value, subject.value, seen.getValue()]).toEqual([3, 3, 3]);
      expect(values).toEqual([1, 2, 3]);
      subscription.unsubscribe();
      expect(subject.observed).toBe(false);

      const feed = through(() => new Feed((subscriber) => subscriber.complete()));
      expect(feed).toBeInstanceOf(Feed);
      expect([feed.topic, feed.describe()]).toEqual(['orders', 'feed of orders']);
    });

    it('leaves the Observable itself to those who hold it', async () => {
      const source = sync.all(of(1));
      await ended(async () => {
        await lastValueFrom(through(() => source));
        await lastValueFrom(source);
      });
      expect(sent).toEqual(['subscribed', '1', 'finalized', '1 in its time'].toSorted(byWhen));
    });

    it('stops a source that emits without end when its user has enough', async () => {
      const endless = new Observable<number>((subscriber) => {
        for (let i = 0; !subscriber.closed; i++) subscriber.next(i);
      });
      expect(await lastValueFrom(through(() => endless).pipe(take(3)))).toBe(2);
    });

    it('passes on emissions and errors as they are', async () => {
      const error = new Error('as it is');
      expect(await errorOf(() => lastValueFrom(through(() => throwError(() => error))))).toBe(
        error,
      );
      expect(
        await lastValueFrom(
          through(() => from(Promise.resolve('a'))).pipe(map((text) => `${text}b`)),
        ),
      ).toBe('ab');
    });

    it('covers a frozen query as well', async () => {
      const frozen = Object.freeze({
        // oxlint-disable-next-line unicorn/no-thenable -- that is the point.
        then: (resolve: (value: string) => void) =>
          void mail.send('frozen').then(() => resolve('done')),
      });
      await ended(async () => expect(await through(() => frozen)).toBe('done'));
      expect(sent).toEqual([]);
    });
  });

  describe('when an Observable is made in one place and subscribed to in another', () => {
    it('buffers in the scope that it is subscribed to in, under the policy', async () => {
      const made = effects.withPolicy({ allows: ({ args }) => args[0] === 'subscribed' }, () =>
        sync.all(of(1)),
      );
      const { dispatched, dropped } = await ended(() => lastValueFrom(made));
      expect([dispatched.length, dropped.length]).toEqual([1, 3]);
    });

    it('asks every policy around it', async () => {
      const nested = effects.withPolicy(DropAll, () =>
        effects.withPolicy({ allows: () => true }, () => sync.all(of(1))),
      );
      await ended(() => lastValueFrom(nested));
      expect(sent).toEqual([]);
    });

    it('is refused outside a scope, as any call is', async () => {
      const made = effects.withPolicy(DropAll, () =>
        defer(() => effects.enqueue(() => {}) as never),
      );
      expect(await errorOf(() => lastValueFrom(made))).toBeInstanceOf(NoScopeError);
    });
  });

  describe.each([
    ['airlock.run', <R>(options: object, fn: () => R) => airlock.run(options, fn)],
    ['runInScope', <R>(options: object, fn: () => R) => airlock.run(() => runInScope(options, fn))],
  ])('when %s is given it', (_, run) => {
    it('lets nothing out of an Observable under a policy that drops', async () => {
      const observable = await run({ policy: DropAll }, () => sync.all());
      expect(await lastValueFrom(observable)).toBe(20);
      expect(await lastValueFrom(await run({ policy: DropAll }, async () => sync.all()))).toBe(20);
      expect(sent).toEqual([]);
    });

    it('lets nothing out where the policy that drops is around the call, whatever is around its use', async () => {
      const under = <R>(fn: () => R) => effects.withPolicy(DropAll, () => run({}, fn));
      const [observable, pages, steps] = [
        await under(() => sync.all()),
        await under(() => sync.pages()),
        await under(() => sync.steps()),
      ];
      expect(await lastValueFrom(observable)).toBe(20);
      for await (const _ of pages);
      expect([...steps]).toEqual([1]);
      await run({}, async () => lastValueFrom(await under(async () => sync.all())));
      expect(sent).toEqual([]);
    });

    it('lets nothing out where the policy that drops is around its use', async () => {
      const observable = await run({}, () => sync.all());
      await run({ policy: DropAll }, () => lastValueFrom(observable));
      expect(sent).toEqual([]);
    });

    it('takes each subscription to an Observable that is made by hand for a unit of work as well', async () => {
      const left: string[] = [];
      const byHand = {
        subscribe(observer: { next(value: number): void; complete(): void }) {
          void mail.send('subscribed');
          observer.next(1);
          setImmediate(() => observer.complete());
          return { unsubscribe: () => left.push('left') };
        },
        pipe() {
          return this;
        },
      };
      const subscribed = async (options: object): Promise<unknown[]> => {
        const seen: unknown[] = [];
        const made = await run(options, async () => byHand);
        await new Promise<void>((complete) =>
          made.subscribe({ next: (value) => seen.push(value), complete }),
        );
        return seen;
      };
      expect(await subscribed({})).toEqual([1]);
      expect(await subscribed({ policy: DropAll })).toEqual([1]);
      expect(sent).toEqual(['subscribed']);
      const ignored = { next: () => {}, complete: () => {} };
      (await run({}, async () => byHand)).subscribe(ignored).unsubscribe();
      expect({ sent, left }).toEqual({ sent: ['subscribed'], left: ['left', 'left', 'left'] });
    });

    it('takes each subscription for a unit of work of its own', async () => {
      const failing = defer(() => {
        void mail.send('lost');
        return throwError(() => new Error('no'));
      });
      const observable = await run({}, () => failing);
      await errorOf(() => lastValueFrom(observable));
      expect(sent).toEqual([]);
      const other = await run({}, () => sync.all(of(1)));
      await lastValueFrom(other);
      await lastValueFrom(other);
      expect(sent.filter((text) => text === 'subscribed')).toHaveLength(2);
    });

    it('runs a query and a lazy Promise in the scope', async () => {
      await run({ policy: DropAll }, () => sync.query());
      await run({ policy: DropAll }, () => sync.lazyPromise());
      expect(sent).toEqual([]);
      await run({}, () => sync.query());
      expect(sent).toEqual(['queried']);
    });

    it('lets nothing out of a generator under a policy that drops', async () => {
      for await (const _ of await run({ policy: DropAll }, () => sync.pages()));
      expect([...(await run({ policy: DropAll }, () => sync.steps()))]).toEqual([1]);
      expect(sent).toEqual([]);
    });

    it('takes the iteration of a generator for a unit of work: to its end', async () => {
      const seen: number[] = [];
      for await (const page of await run({}, () => sync.pages())) {
        seen.push(page);
        expect(sent).toEqual([]);
      }
      expect(seen).toEqual([1, 2, 3]);
      expect(sent).toEqual(['page 1', 'page 2', 'page 3', 'no more pages']);
      sent.length = 0;
      expect([...(await run({}, () => sync.steps()))]).toEqual([1]);
      expect(sent).toEqual(['step']);
    });

    it('lets nothing out of one that fails, is left early or is never begun', async () => {
      for await (const page of await run({}, () => sync.pages())) if (page === 2) break;
      const failing = await run({}, async function* () {
        await mail.send('lost');
        yield 1;
        throw new Error('no more');
      });
      expect(await failing.next()).toEqual({ done: false, value: 1 });
      expect(await errorOf(() => failing.next())).toMatchObject({ message: 'no more' });
      expect(await failing.next()).toEqual({ done: true, value: undefined });
      const unused = await run({}, () => sync.pages());
      expect(await unused.return(0)).toEqual({ done: true, value: 0 });
      expect(sent).toEqual([]);
    });

    it('leaves the loop around a generator where it stands', async () => {
      await run({}, async () => {
        for await (const _ of await run({ policy: DropAll }, () => sync.pages()))
          await mail.send('mine');
      });
      expect(sent).toEqual(['mine', 'mine', 'mine']);
    });
  });

  describe('when a method with @Airlock() returns it', () => {
    it('lets nothing out of an Observable in a Promise', async () => {
      expect(await lastValueFrom(await sync.observed())).toBe(20);
      expect(sent).toEqual([]);
    });

    it('lets nothing out of a lazy Promise', async () => {
      expect(await sync.lazily()).toBe('done');
      expect(sent).toEqual([]);
    });
  });

  describeWith(postgres, 'when it is a query of Knex', () => {
    it('stays one, and is covered however it is built on', async () => {
      const db = knex({ client: 'pg', connection: postgres.url });
      db.on('query', () => effects.enqueue(() => void sent.push('asked')));
      await ended(async () => {
        const query = effects.withPolicy(DropAll, () => db.select(db.raw('1 as one')));
        expect(await query.limit(1)).toEqual([{ one: 1 }]);
        const caught = await effects
          .withPolicy(DropAll, () => db.raw('no sql'))
          .catch(() => 'caught');
        expect(caught).toBe('caught');
      });
      expect(sent).toEqual([]);
      await db.destroy();
    });
  });
});

const ALL = ['subscribed', '1', '2', '1 in its time', '2 in its time', 'finalized'];

function byWhen(a: string, b: string): number {
  return ALL.indexOf(a) - ALL.indexOf(b);
}
