import { Injectable } from '@nestjs/common';
import { Airlock } from 'nestjs-airlock';
import { concat, defer, finalize, firstValueFrom, interval, lastValueFrom, map, type Observable, of, tap } from 'rxjs';
import { throwError, toArray } from 'rxjs';
import { boot, CANCELLED, checkAfterEach, COMPLETED, Effects, FAILED } from '../../e2e/http/fixtures.js';

@Injectable()
class Streams {
  readonly steps: string[] = [];
  constructor(readonly effects: Effects) {}

  @Airlock()
  ending(): Observable<number> {
    return concat(
      defer(() => (this.effects.all(), of(1))),
      of(2, 3).pipe(tap((n) => this.steps.push(`emits ${n} with ${this.effects.outbox.sent.length} out`))),
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
    await expect(lastValueFrom(all)).rejects.toMatchObject({ code: 'AIRLOCK_DISPATCH', scope: 'Streams.broken' });
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
