import {
  Global,
  Inject,
  Injectable,
  Module,
  type ModuleMetadata,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { Timeout, ScheduleModule } from '@nestjs/schedule';
import { AirlockModule, AirlockService, currentScope } from 'nestjs-airlock';
import {
  bootModule,
  checkAfterEach,
  Effects,
  gate,
  moduleOf,
  until,
} from '../../../e2e/http/fixtures.js';

const airlock = AirlockModule.forRoot();

@Injectable()
class Ticks {
  @Timeout(1_000_000)
  tick(): string | undefined {
    return currentScope()?.name;
  }
}

/** Looks methods up when it is initialised, as schedule and bullmq do. */
@Injectable()
class Peer implements OnModuleInit {
  found: (() => string | undefined) | undefined;
  constructor(@Inject('TICKS') private readonly ticks: Ticks) {}
  onModuleInit() {
    this.found = this.ticks.tick.bind(this.ticks);
  }
}

function globally(metadata: ModuleMetadata) {
  class GlobalModule {}
  Global()(GlobalModule);
  Module(metadata)(GlobalModule);
  return GlobalModule;
}

const peerModule = globally({ providers: [Peer, { provide: 'TICKS', useClass: Ticks }] });

checkAfterEach();

describe.each([
  ['before', [peerModule, airlock]],
  ['after', [airlock, peerModule]],
  ['far below', [moduleOf({ imports: [moduleOf({ imports: [airlock] })] }), peerModule]],
])(
  'when a global module that looks methods up in onModuleInit is imported %s Airlock',
  (_, imports) => {
    it('finds them wrapped', async () => {
      const { app } = await bootModule(moduleOf({ imports }));
      expect(app.get(Peer).found!()).toBe('Ticks.tick');
    });
  },
);

@Injectable()
class Job {
  readonly scopes: (string | undefined)[] = [];
  @Timeout(0)
  run(): void {
    this.scopes.push(currentScope()?.name);
  }
}

describe.each([
  ['before', [ScheduleModule.forRoot(), airlock]],
  ['after', [airlock, ScheduleModule.forRoot()]],
])('when the real scheduler is imported %s Airlock', (_, imports) => {
  it('runs a tick in a scope', async () => {
    const { app } = await bootModule(moduleOf({ imports, providers: [Job] }));
    await until(() => app.get(Job).scopes.length > 0);
    expect(app.get(Job).scopes).toEqual(['Job.run']);
  });
});

describe('when the application shuts down with work under way', () => {
  const order: string[] = [];

  class Connection implements OnModuleDestroy {
    constructor(readonly name: string) {}
    onModuleDestroy() {
      order.push(`${this.name} closed`);
    }
  }
  const connection = (name: string) => ({ provide: name, useValue: new Connection(name) });

  it.each([
    ['before', (modules: object[]) => [...modules, airlock]],
    ['after', (modules: object[]) => [airlock, ...modules]],
  ])('ends it before any onModuleDestroy, of modules imported %s Airlock', async (_, arranged) => {
    order.length = 0;
    const global = globally({ providers: [connection('global')] });
    const local = moduleOf({ providers: [connection('local')] });
    const imports = arranged([global, local]) as never[];
    const { app } = await bootModule(moduleOf({ imports, providers: [connection('root')] }));
    const begun = gate();
    const go = gate();
    const work = app.get(AirlockService).run(async () => {
      begun.open();
      await go.passed;
      app.get(Effects).buffer.enqueue(() => void order.push('effect out'));
    });
    await begun.passed;
    const closing = app.close();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(order).toEqual([]);
    go.open();
    await Promise.all([work, closing]);
    expect(order[0]).toBe('effect out');
    expect(order.slice(1).toSorted()).toEqual(['global closed', 'local closed', 'root closed']);
  });
});
