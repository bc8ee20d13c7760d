import { Injectable } from '@nestjs/common';
import { CommandBus, CommandHandler, CqrsModule, EventBus, EventsHandler } from '@nestjs/cqrs';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Interval, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { defer, lastValueFrom, type Observable, of } from 'rxjs';
import { AirlockRuntime } from '../../lib/core/runtime.js';
import { neverSubscribed } from '../../lib/nest/calls/unsubscribed-scopes.js';
import { boot, checkAfterEach, delay, Effects, until } from '../e2e/http/fixtures.js';

@Injectable()
class Listener {
  constructor(private readonly effects: Effects) {}

  @OnEvent('placed')
  placed(): Observable<string> {
    this.effects.one('of the call');
    return defer(() => {
      this.effects.one('of the subscription');
      return of('done');
    });
  }
}

let ticks = 0;

@Injectable()
class Ticks {
  constructor(private readonly effects: Effects) {}

  @Interval('tick', 5)
  tick(): Observable<string> {
    ticks += 1;
    return defer(() => (this.effects.one('tick'), of('done')));
  }
}

class Placed {}
class Place {}

@EventsHandler(Placed)
class PlacedHandler {
  constructor(private readonly effects: Effects) {}
  handle(): Observable<string> {
    this.effects.one('handled');
    return of('done');
  }
}

@CommandHandler(Place)
class PlaceHandler {
  constructor(private readonly effects: Effects) {}
  execute(): Observable<string> {
    return defer(() => (this.effects.one('executed'), of('done')));
  }
}

checkAfterEach();

describe('when a listener returns an Observable that nobody subscribes to', () => {
  it('lets out the effects of the call, warns once by name, and keeps nothing', async () => {
    const { app, log, fate } = await boot({
      imports: [EventEmitterModule.forRoot()],
      providers: [Listener],
    });
    for (let i = 0; i < 100; i++) app.get(EventEmitter2).emit('placed');
    expect((await fate()).out).toEqual(Array.from({ length: 100 }, () => 'of the call'));
    expect(log.airlock('warn')).toEqual([
      expect.stringContaining('`Listener.placed` has returned an Observable'),
    ]);
    expect(neverSubscribed(app.get(AirlockRuntime, { strict: false })).size).toBe(0);
  });

  it('is a unit of work as ever for somebody else who calls it and subscribes', async () => {
    const { app, log, fate } = await boot({
      imports: [EventEmitterModule.forRoot()],
      providers: [Listener],
    });
    await lastValueFrom(app.get(Listener).placed());
    const later = app.get(Listener).placed();
    await delay(5);
    await lastValueFrom(later);
    expect((await fate()).out).toEqual([
      'of the call',
      'of the subscription',
      'of the call',
      'of the subscription',
    ]);
    expect(log.airlock('warn')).toHaveLength(1);
  });
});

describe('when a job of a schedule does', () => {
  it('warns once by name, and keeps nothing', async () => {
    const { app, log } = await boot({ imports: [ScheduleModule.forRoot()], providers: [Ticks] });
    await app.init();
    await until(() => ticks > 3);
    app.get(SchedulerRegistry).deleteInterval('tick');
    await delay(5);
    expect(log.airlock('warn')).toEqual([
      expect.stringContaining('`Ticks.tick` has returned an Observable'),
    ]);
    expect(neverSubscribed(app.get(AirlockRuntime, { strict: false })).size).toBe(0);
  });
});

describe('when a handler of CQRS does', () => {
  it('lets out the effects of an event, and leaves the result of a command to whoever has executed it', async () => {
    const { app, log, fate } = await boot({
      imports: [CqrsModule.forRoot()],
      providers: [PlacedHandler, PlaceHandler],
    });
    await app.init();
    app.get(EventBus).publish(new Placed());
    await until(() => log.airlock('warn').length === 1);
    const result = await app.get(CommandBus).execute<Place, Observable<string>>(new Place());
    await delay(5);
    expect(await lastValueFrom(result)).toBe('done');
    expect((await fate()).out).toEqual(['handled', 'executed']);
    expect(log.airlock('warn')).toEqual([
      expect.stringContaining('`PlacedHandler.handle` has returned an Observable'),
    ]);
  });
});
