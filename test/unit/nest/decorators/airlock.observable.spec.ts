import { Injectable } from '@nestjs/common';
import {
  Airlock,
  AirlockService,
  BlockTasks,
  currentScope,
  ShuttingDownError,
} from 'nestjs-airlock';
import {
  concat,
  defer,
  finalize,
  firstValueFrom,
  from,
  interval,
  lastValueFrom,
  map,
  Observable,
  of,
  tap,
} from 'rxjs';
import { throwError, toArray } from 'rxjs';
import {
  boot,
  CANCELLED,
  checkAfterEach,
  COMPLETED,
  Effects,
  FAILED,
  gate,
} from '../../../e2e/http/fixtures.js';

@Injectable()
class Streams {
  readonly steps: string[] = [];
  constructor(readonly effects: Effects) {}

  @Airlock()
  ending(): Observable<number> {
    return concat(
      defer(() => (this.effects.all(), of(1))),
      of(2, 3).pipe(
        tap((n) => this.steps.push(`emits ${n} with ${this.effects.outbox.sent.length} out`)),
      ),
    ).pipe(finalize(() => this.steps.push('torn down')));
  }
  @Airlock()
  failing(): Observable<number> {
    this.effects.all();
    return concat(
      of(1),
      throwError(() => new Error('sent')),
    );
  }
  @Airlock()
  endless(): Observable<number> {
    this.effects.all();
    return interval(2).pipe(
      map((n) => n + 1),
      finalize(() => this.steps.push('torn down')),
    );
  }
  @Airlock({ onDispatchError: 'throw' })
  broken(): Observable<number> {
    this.effects.buffer.enqueue(function broken() {
      throw new Error('line is dead');
    });
    return of(1);
  }
}

@Injectable()
class Repeated {
  readonly scopes: (string | undefined)[] = [];
  constructor(readonly effects: Effects) {}

  @Airlock(new BlockTasks(['blocked']))
  each(text: string): Observable<string> {
    return defer(() => {
      this.scopes.push(currentScope()?.id);
      for (const name of [text, 'blocked']) this.effects.one(name);
      return of(text);
    });
  }
  @Airlock()
  withItsCall(): Observable<string> {
    this.effects.one('of the call');
    return defer(() => (this.effects.one('of the subscription'), of('')));
  }
  @Airlock()
  withEffect(effect: () => void): Observable<string> {
    this.effects.buffer.enqueueWith({ on: 'always' }, effect);
    return defer(() => (this.effects.one('of the subscription'), of('')));
  }
  @Airlock()
  underWay(passed: Promise<void>): Observable<void> {
    return from(passed.then(() => this.effects.one('of work that the call began')));
  }
}

async function start() {
  const booted = await boot({ providers: [Streams] });
  return { ...booted, streams: booted.app.get(Streams) };
}

checkAfterEach();

describe('when the Observable of an @Airlock() method ends', () => {
  it('has emitted the same, and lets the effects out then', async () => {
    const { streams, fate } = await start();
    expect(await lastValueFrom(streams.ending().pipe(toArray()))).toEqual([1, 2, 3]);
    expect(streams.steps).toEqual(['emits 2 with 0 out', 'emits 3 with 0 out', 'torn down']);
    expect(await fate()).toEqual(COMPLETED);
  });

  it('drops them if it ended with an error', async () => {
    const { streams, fate } = await start();
    await expect(lastValueFrom(streams.failing())).rejects.toThrow('sent');
    expect(await fate()).toEqual(FAILED);
  });

  it('fails with the DispatchError after its values', async () => {
    const { streams } = await start();
    const seen: unknown[] = [];
    const all = streams.broken().pipe(tap((value) => seen.push(value)));
    await expect(lastValueFrom(all)).rejects.toMatchObject({
      code: 'AIRLOCK_DISPATCH',
      scope: 'Streams.broken',
    });
    expect(seen).toEqual([1]);
  });
});

describe('when its subscriber leaves before the end', () => {
  it('is cancelled, and tears the source down', async () => {
    const { streams, fate } = await start();
    expect(await firstValueFrom(streams.endless())).toBe(1);
    expect(streams.steps).toEqual(['torn down']);
    expect(await fate()).toEqual(CANCELLED);
  });

  it('is cancelled at once where the source would emit on synchronously', async () => {
    const { streams, fate } = await start();
    expect(await firstValueFrom(streams.ending())).toBe(1);
    expect(streams.steps).toEqual(['torn down']);
    expect(await fate()).toEqual(CANCELLED);
  });
});

describe('when the Observable of an @Airlock() method is subscribed to again', () => {
  it('gives each subscription a scope of its own, under the policies of the method', async () => {
    const { app, fate } = await boot({ providers: [Repeated] });
    const repeated = app.get(Repeated);
    const stream = repeated.each('out');
    for (let i = 0; i < 3; i++) expect(await lastValueFrom(stream)).toBe('out');
    expect(new Set(repeated.scopes).size).toBe(3);
    expect(repeated.scopes).not.toContain(undefined);
    expect(await fate()).toEqual({
      out: ['out', 'out', 'out'],
      dropped: ['blocked', 'blocked', 'blocked'],
    });
  });

  it('lets out what the call itself buffered with the first only', async () => {
    const { app, fate } = await boot({ providers: [Repeated] });
    const stream = app.get(Repeated).withItsCall();
    await lastValueFrom(stream);
    await lastValueFrom(stream);
    expect((await fate()).out).toEqual([
      'of the call',
      'of the subscription',
      'of the subscription',
    ]);
  });

  it('nests a later one where the method was called, as long as that scope is open', async () => {
    const { app, sent } = await boot({ providers: [Repeated] });
    let stream!: Observable<string>;
    await app.get(AirlockService).run({ policy: new BlockTasks(['out']) }, async () => {
      stream = app.get(Repeated).each('out');
      await lastValueFrom(stream);
      await lastValueFrom(stream);
      expect(app.get(Effects).buffer.capturedIntents.map(({ name }) => name)).toEqual([
        'out',
        'blocked',
        'out',
        'blocked',
      ]);
    });
    expect(sent).toEqual([]);
    await lastValueFrom(stream);
    expect(sent).toEqual(['out']);
  });
});

describe('when nobody subscribes to the Observable of an @Airlock() method', () => {
  it('does not keep the application from shutting down, and drops what the call buffered', async () => {
    const { app, log, fate } = await boot({ providers: [Repeated] }, { shutdownTimeoutMs: 60_000 });
    app.get(Repeated).withItsCall();
    await app.close();
    expect(await fate()).toEqual({ out: [], dropped: ['of the call'] });
    expect(log.airlock('error')).toEqual([]);
  });

  it('is a unit of work of its own for an effect that subscribes to it as it is cancelled', async () => {
    const { app, fate } = await boot({ providers: [Repeated] });
    const stream = app.get(Repeated).withEffect(() => void stream.subscribe());
    await app.close();
    expect((await fate()).out).toEqual(['of the subscription']);
  });

  it('keeps the scope open for work that the call has begun', async () => {
    const { app, fate } = await boot({ providers: [Repeated] });
    const go = gate();
    const stream = app.get(Repeated).underWay(go.passed);
    go.open();
    await new Promise((resolve) => setImmediate(resolve));
    await lastValueFrom(stream);
    expect((await fate()).out).toEqual(['of work that the call began']);
  });
});

describe('when an @Airlock() method with an Observable is called while the application shuts down', () => {
  it('errors with ShuttingDownError where it is subscribed to, and does not throw', async () => {
    const { app } = await boot({ providers: [Repeated] });
    const repeated = app.get(Repeated);
    const before = repeated.each('late');
    await app.close();
    await expect(lastValueFrom(repeated.each('late'))).rejects.toBeInstanceOf(ShuttingDownError);
    await expect(lastValueFrom(before)).rejects.toBeInstanceOf(ShuttingDownError);
    expect(repeated.scopes).toEqual([]);
  });
});
