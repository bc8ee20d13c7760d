import { Injectable } from '@nestjs/common';
import {
  CommandBus,
  CommandHandler,
  CqrsModule,
  EventBus,
  EventsHandler,
  ofType,
  Query,
  QueryBus,
  QueryHandler,
  Saga,
} from '@nestjs/cqrs';
import {
  type AirlockModuleOptions,
  AirlockService,
  BlockTasks,
  currentScope,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import { delay as later, map, type Observable } from 'rxjs';
import { boot, checkAfterEach, delay, Effects } from '../../../e2e/http/fixtures.js';

/** Names of the scopes from the innermost out. */
function scopes(): string {
  const names: (string | undefined)[] = [];
  for (let scope = currentScope(); scope !== undefined; scope = scope.parent)
    names.push(scope.name);
  return names.join(' < ');
}

const seen: string[] = [];

class Ship {
  constructor(readonly order: string) {}
}
class Bill {
  constructor(readonly order: string) {}
}
class Total extends Query<string> {}
class Placed {
  constructor(readonly order: string) {}
}

@CommandHandler(Ship)
class ShipHandler {
  constructor(private readonly effects: Effects) {}
  async execute({ order }: Ship): Promise<void> {
    seen.push(scopes());
    await Promise.resolve();
    if (order === 'broken') throw new Error('cannot ship');
    this.effects.one(`ship ${order}`);
  }
}

@CommandHandler(Bill)
class BillHandler {
  constructor(private readonly effects: Effects) {}
  async execute({ order }: Bill): Promise<void> {
    seen.push(scopes());
    await Promise.resolve();
    this.effects.one(`bill ${order}`);
  }
}

@QueryHandler(Total)
class TotalHandler {
  async execute(): Promise<string> {
    return Promise.resolve(scopes());
  }
}

@EventsHandler(Placed)
@UseAirlockPolicy(new BlockTasks(['note blocked']))
class PlacedHandler {
  constructor(private readonly effects: Effects) {}
  handle({ order }: Placed): void {
    seen.push(scopes());
    this.effects.one(`note ${order}`);
  }
}

@Injectable()
class Sagas {
  constructor(private readonly effects: Effects) {}
  @Saga()
  atOnce = (events: Observable<object>): Observable<object> =>
    events.pipe(
      ofType(Placed),
      map(({ order }) => {
        this.effects.one(`saga ${order}`);
        if (order === 'poison') throw new Error('of the saga');
        return new Ship(order);
      }),
    );
  @Saga()
  inTime(events: Observable<object>): Observable<object> {
    return events.pipe(
      ofType(Placed),
      later(2),
      map(({ order }) => new Bill(order)),
    );
  }
}

const handlers = [ShipHandler, BillHandler, TotalHandler, PlacedHandler];

async function start(sagas = false, options?: AirlockModuleOptions) {
  const providers = sagas ? [...handlers, Sagas] : handlers;
  const booted = await boot({ imports: [CqrsModule.forRoot()], providers }, options);
  return { ...booted, airlock: booted.app.get(AirlockService) };
}

beforeEach(() => void (seen.length = 0));
checkAfterEach();

describe('when a command, a query or an event is handled', () => {
  it('is a scope of its own outside any', async () => {
    const { app, fate } = await start();
    await app.get(CommandBus).execute(new Ship('1'));
    expect(await app.get(QueryBus).execute(new Total())).toBe('TotalHandler.execute');
    app.get(EventBus).publish(new Placed('1'));
    app.get(EventBus).publish(new Placed('blocked'));
    expect(seen).toEqual(['ShipHandler.execute', 'PlacedHandler.handle', 'PlacedHandler.handle']);
    expect(await fate()).toEqual({ out: ['ship 1', 'note 1'], dropped: ['note blocked'] });
  });

  it('is nested in the scope it is made in, and only its own effects are lost where it fails', async () => {
    const { app, airlock, fate } = await start();
    await airlock.run({ name: 'request' }, async () => {
      app.get(EventBus).publish(new Placed('2'));
      await app
        .get(CommandBus)
        .execute(new Ship('broken'))
        .catch(() => {});
    });
    expect(seen).toEqual(['PlacedHandler.handle < request', 'ShipHandler.execute < request']);
    expect((await fate()).out).toEqual(['note 2']);
  });
});

describe('when a saga is given an event', () => {
  it('answers it with a command that is nested in a scope of that event', async () => {
    const { app, airlock, sent, fate } = await start(true);
    await airlock.run({ name: 'request' }, async () => {
      app.get(EventBus).publish(new Placed('3'));
      expect(seen).toContain('ShipHandler.execute < Sagas.atOnce < request');
      await delay(1);
      expect(sent).not.toContain('ship 3');
    });
    expect((await fate()).out).toEqual(expect.arrayContaining(['note 3', 'saga 3', 'ship 3']));
  });

  it('gives a command that comes later a scope of its own', async () => {
    const { app, sent } = await start(true);
    app.get(EventBus).publish(new Placed('4'));
    await delay(20);
    expect(seen).toContain('BillHandler.execute');
    expect(sent).toContain('bill 4');
  });

  it('keeps events apart, each with its own outcome', async () => {
    const { app, sent, fate } = await start(true);
    for (const order of ['5', 'broken', '6']) app.get(EventBus).publish(new Placed(order));
    await delay(20);
    expect(sent).toEqual(
      expect.arrayContaining(['saga 5', 'ship 5', 'saga broken', 'saga 6', 'ship 6']),
    );
    expect((await fate()).dropped).toEqual([]);
  });

  it('drops the effects of an event that breaks it', async () => {
    const { app, fate } = await start(true);
    app.get(EventBus).publish(new Placed('poison'));
    await delay(20);
    expect((await fate()).dropped).toEqual(['saga poison']);
  });

  it('opens no scope where the boundary is off', async () => {
    const { app } = await start(true, { boundaries: { cqrs: false }, outsideScope: 'dispatch' });
    app.get(EventBus).publish(new Placed('7'));
    await delay(20);
    expect(seen).toEqual(['', '', '']);
  });

  it('is explained by its property', async () => {
    const { airlock } = await start(true);
    const { entryPoints } = airlock.explain().boundaries.find(({ name }) => name === 'cqrs')!;
    expect(entryPoints).toEqual([
      'ShipHandler.execute',
      'BillHandler.execute',
      'TotalHandler.execute',
      'PlacedHandler.handle',
      'Sagas.atOnce',
      'Sagas.inTime',
    ]);
  });

  it('is refused the effects of events that come after the shutdown', async () => {
    const { app, log, sent } = await start(true);
    const bus = app.get(EventBus);
    bus.onModuleDestroy = () => {};
    await app.close();
    bus.publish(new Placed('late'));
    await delay(5);
    expect(sent).toEqual([]);
    const errors = log.lines.filter(({ level }) => level === 'error').map(({ text }) => text);
    expect(errors.join()).toContain('Scope "Sagas.atOnce" was not opened');
  });
});
