import { type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import {
  AirlockModule,
  AirlockService,
  DropAll,
  EffectBuffer,
  type EffectScope,
  SideEffect,
} from 'nestjs-airlock';
import { describeWith, postgres } from '../servers.js';
import {
  boot,
  type Database,
  jobsIn,
  onPostgres,
} from '../integrations/pg-boss/pg-boss.fixtures.js';

const sent: string[] = [];

@Injectable()
class Search {
  @SideEffect({ dedupeKey: (order: number) => `order ${order}` })
  async reindex(order: number, by: string): Promise<void> {
    sent.push(`${order} by ${by}`);
  }
}

/** As ten modules that each hear of an order, none of which knows of the others. */
@Injectable()
class Listener {
  constructor(private readonly search: Search) {}

  @OnEvent('order.placed')
  async reindex({ order }: { order: number }): Promise<void> {
    await this.search.reindex(order, 'a listener');
  }
}

const LISTENERS = Array.from({ length: 10 }, (_, i) => ({
  provide: `listener ${i}`,
  useFactory: (search: Search) => new Listener(search),
  inject: [Search],
}));

@Module({
  imports: [AirlockModule.forRoot(), EventEmitterModule.forRoot()],
  providers: [Search, ...LISTENERS],
})
class AppModule {}

describe('several calls under one dedupe key', () => {
  let app: INestApplicationContext;
  let airlock: AirlockService;
  let effects: EffectBuffer;
  let search: Search;

  beforeAll(async () => {
    app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    await app.init();
    airlock = app.get(AirlockService);
    effects = app.get(EffectBuffer);
    search = app.get(Search);
  });
  beforeEach(() => (sent.length = 0));
  afterAll(() => app.close());

  const ended = async (
    work: (scope: EffectScope) => unknown,
    outcome: 'completed' | 'failed' = 'completed',
  ) => {
    const scope = airlock.open();
    await scope.run(async () => work(scope));
    const { dropped } = await scope.end(outcome);
    return dropped.map(({ intent, reason }) => `${intent.name}: ${reason}`);
  };

  describe('when the first is made under a policy that drops it', () => {
    it('lets the second out', async () => {
      const dropped = await ended(async () => {
        await effects.withPolicy(DropAll, () => search.reindex(7, 'an import'));
        await search.reindex(7, 'the shop');
        await search.reindex(7, 'the shop again');
      });
      expect(sent).toEqual(['7 by the shop']);
      expect(dropped).toEqual(['Search.reindex: policy', 'Search.reindex: duplicate']);
    });
  });

  describe('when the first is for failures only', () => {
    it('lets the second out', async () => {
      const dropped = await ended(() => {
        effects.enqueueWith({ dedupeKey: 'k', on: 'failure' }, tell, 'failed');
        effects.enqueueWith({ dedupeKey: 'k' }, tell, 'placed');
      });
      expect(sent).toEqual(['placed']);
      expect(dropped).toEqual(['tell: outcome']);
    });
  });

  describe('when ten listeners of one event make them', () => {
    it('lets one out', async () => {
      const dropped = await ended(() =>
        app.get(EventEmitter2).emitAsync('order.placed', { order: 7 }),
      );
      expect(sent).toEqual(['7 by a listener']);
      expect(dropped).toEqual(Array(9).fill('Search.reindex: duplicate'));
    });

    it('lets one of each key out', async () => {
      const events = app.get(EventEmitter2);
      await ended(async () => {
        await events.emitAsync('order.placed', { order: 7 });
        await events.emitAsync('order.placed', { order: 8 });
      });
      expect(sent).toEqual(['7 by a listener', '8 by a listener']);
    });
  });

  describe('when they are made in two requests', () => {
    it('lets both out', async () => {
      await ended(() => search.reindex(7, 'one'));
      await ended(() => search.reindex(7, 'another'));
      expect(sent).toEqual(['7 by one', '7 by another']);
    });
  });
});

function tell(text: string): void {
  sent.push(text);
}

describeWith(postgres, 'when pg-boss takes them in two transactions at once', () => {
  let database: Database;
  let app: INestApplicationContext;
  let airlock: AirlockService;
  let search: Search;

  beforeAll(async () => {
    database = onPostgres(12);
    app = await boot({ pgBoss: { boss: database.boss() }, providers: [Search] });
    airlock = app.get(AirlockService);
    search = app.get(Search);
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await database.close();
  });

  /** Two transactions that have both made their calls before either ends. */
  const both = async (end: (by: string) => void): Promise<unknown> => {
    const meeting = meetingOf(2);
    return airlock.run(() =>
      Promise.allSettled(
        ['one', 'another'].map((by) =>
          database.db.transaction(async () => {
            await search.reindex(7, by);
            await meeting();
            end(by);
          }),
        ),
      ),
    );
  };

  it('writes one job if both commit', async () => {
    await both(() => {});
    expect(await jobsIn(database)).toHaveLength(1);
    await database.query(`delete from ${database.schema}.job`);
  });

  it('writes the other if one rolls back', async () => {
    await both((by) => {
      if (by === 'one') throw new Error('out of stock');
    });
    expect((await jobsIn(database)).map(({ args: [, by] }) => by)).toEqual(['another']);
  });
});

/** Lets nobody past until all have come. */
function meetingOf(count: number): () => Promise<void> {
  let open!: () => void;
  const all = new Promise<void>((resolve) => (open = resolve));
  return async () => {
    if (--count === 0) open();
    await all;
  };
}
