import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable, Scope } from '@nestjs/common';
import {
  CommandBus,
  CommandHandler,
  CqrsModule,
  EventBus,
  EventsHandler,
  type ICommandHandler,
  type IEventHandler,
} from '@nestjs/cqrs';
import { Command, CommandRunner } from 'nest-commander';
import { AirlockService, BlockTasks, DropAll, UseAirlockPolicy } from 'nestjs-airlock';
import { boot, checkAfterEach, COMPLETED, Effects, until } from '../e2e/http/fixtures.js';
import { Jobs } from '../integrations/bullmq-entry-point/jobs.js';
import { run } from '../integrations/commander/cli.js';
import { describeWith, redis } from '../servers.js';

class Place {}
class PlaceAlone {}
class Reserve {}
class Placed {}

@CommandHandler(Place)
@UseAirlockPolicy(new BlockTasks(['always']))
class PlaceHandler implements ICommandHandler<Place> {
  constructor(private readonly effects: Effects) {}

  execute = async (): Promise<void> => this.effects.all();
}

@CommandHandler(Reserve)
class ReserveHandler implements ICommandHandler<Reserve> {
  constructor(private readonly effects: Effects) {}

  execute = async (): Promise<void> => {
    this.effects.one('reserved');
    throw new Error('sold out');
  };
}

@Injectable({ scope: Scope.REQUEST })
class PerExecution {}

@CommandHandler(PlaceAlone, { scope: Scope.REQUEST })
class PlaceAloneHandler implements ICommandHandler<PlaceAlone> {
  @Inject(PerExecution) readonly made!: PerExecution;
  @Inject(Effects) private readonly effects!: Effects;

  execute = async (): Promise<void> => this.effects.all();
}

@CommandHandler(Place)
@UseAirlockPolicy(DropAll)
class LateHandler implements ICommandHandler<Place> {
  execute!: () => Promise<void>;

  onModuleInit(): void {
    this.execute = async () => {};
  }
}

@EventsHandler(Placed)
class PlacedHandler implements IEventHandler<Placed> {
  constructor(private readonly effects: Effects) {}

  handle = async (): Promise<void> => this.effects.all();
}

@Command({ name: 'place' })
class PlaceCommand extends CommandRunner {
  constructor(private readonly effects: Effects) {
    super();
  }

  run = async (): Promise<void> => this.effects.one('placed');
}

@Processor('orders')
class OrderProcessor extends WorkerHost {
  constructor(private readonly effects: Effects) {
    super();
  }

  process = async (): Promise<void> => this.effects.all();
}

describe('when a handler is a property that holds an arrow function', () => {
  checkAfterEach();

  const started = () =>
    boot({
      imports: [CqrsModule.forRoot()],
      providers: [PlaceHandler, ReserveHandler, PlaceAloneHandler, PerExecution, PlacedHandler],
    });

  it('has a scope, under the policies of its class', async () => {
    const { app, fate } = await started();
    await app.get(CommandBus).execute(new Place());
    expect(await fate()).toEqual({ out: ['success'], dropped: ['failure', 'always'] });
    expect(app.get(AirlockService).explain().entryPoints).toContainEqual(
      expect.objectContaining({ name: 'PlaceHandler.execute', boundary: 'cqrs' }),
    );
  });

  it('has one also where the handler is made for each execution', async () => {
    const { app, fate } = await started();
    await app.get(CommandBus).execute(new PlaceAlone());
    expect(await fate()).toEqual(COMPLETED);
  });

  it('has one for an event', async () => {
    const { app, sent, fate } = await started();
    app.get(EventBus).publish(new Placed());
    await until(() => sent.length > 0);
    expect(await fate()).toEqual(COMPLETED);
  });

  it('loses its own effects when it fails, although its caller goes on', async () => {
    const { app, fate } = await started();
    await app.get(AirlockService).run(async () => {
      await expect(app.get(CommandBus).execute(new Reserve())).rejects.toThrow('sold out');
      app.get(Effects).one('apology');
    });
    expect(await fate()).toEqual({ out: ['apology'], dropped: ['reserved'] });
  });

  it('is not covered where it is made too late, and its policy is warned of', async () => {
    const { app, log } = await boot({ imports: [CqrsModule.forRoot()], providers: [LateHandler] });
    expect(log.airlock('warn')).toEqual([
      expect.stringContaining('`@UseAirlockPolicy()` on `LateHandler` has no effect'),
    ]);
    expect(app.get(AirlockService).explain().entryPoints).toEqual([]);
  });

  it('is a command of nest-commander with a dry run', async () => {
    const { stdout, stderr } = await run({ providers: [PlaceCommand] }, 'place', '--dry-run');
    expect(stderr).toBe('');
    expect(stdout).toContain('Dry run of PlaceCommand.run: 1 effect would have got out');
  });
});

describeWith(redis, 'when a processor is a property that holds an arrow function', () => {
  checkAfterEach();

  const jobs = new Jobs();
  beforeAll(async () => jobs.open());
  afterAll(async () => jobs.close());

  it('has a scope for each attempt', async () => {
    const { fate } = await boot({
      imports: [...jobs.modules('orders')],
      providers: [OrderProcessor],
    });
    const job = await jobs.add('orders');
    expect(await jobs.ended('orders', job)).toMatchObject({ state: 'completed' });
    expect(await fate()).toEqual(COMPLETED);
  });
});
