import {
  Injectable,
  type INestApplicationContext,
  Module,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type Provider,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import {
  AllowAll,
  AirlockModule,
  type AirlockModuleOptions,
  AirlockService,
  BlockTasks,
  defer,
  DropAll,
  enqueue,
  NoScopeError,
  openScope,
  runInScope,
  ShuttingDownError,
  SideEffect,
  withPolicy,
} from 'nestjs-airlock';
import { checkForLeaks } from 'nestjs-airlock/testing';
import { until } from '../until.js';

const out: string[] = [];

function tellWarehouse(id: number): void {
  out.push(`warehouse of ${id}`);
}

@Injectable()
class Mail {
  @SideEffect()
  async receipt(id: number): Promise<void> {
    out.push(`receipt of ${id}`);
  }
}

@Injectable()
class OnPaid {
  constructor(private readonly mail: Mail) {}

  @OnEvent('paid')
  async mailReceipt(id: number): Promise<void> {
    await this.mail.receipt(id);
  }
}

async function start(
  options: AirlockModuleOptions = {},
  providers: Provider[] = [],
): Promise<INestApplicationContext> {
  @Module({
    imports: [EventEmitterModule.forRoot(), AirlockModule.forRoot(options)],
    providers: [Mail, OnPaid, ...providers],
  })
  class AppModule {}
  return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
}

describe('when code without AirlockService opens a scope outside any', () => {
  let app: INestApplicationContext;
  beforeEach(() => void out.splice(0));
  afterEach(async () => app.close());
  checkForLeaks();

  it.each<[string, (work: () => unknown) => Promise<unknown>]>([
    ['runInScope', (work) => runInScope(work)],
    [
      'openScope',
      async (work) => {
        const scope = openScope();
        await scope.run(work);
        await scope.end('completed');
      },
    ],
  ])('lets out effects of the application that runs: %s', async (_how, run) => {
    app = await start();
    await run(async () => {
      await app.get(Mail).receipt(7);
      enqueue(tellWarehouse, 7);
      expect(out).toEqual([]);
    });
    expect(out).toEqual(['receipt of 7', 'warehouse of 7']);
  });

  it('puts it under the policies of the application', async () => {
    app = await start({ policy: DropAll });
    await runInScope(async () => {
      await app.get(Mail).receipt(7);
      enqueue(tellWarehouse, 7);
    });
    expect(out).toEqual([]);
  });

  it('puts it under those that are put around it, too', async () => {
    app = await start({ policy: new BlockTasks(['tellWarehouse']) });
    const work = async (): Promise<void> => {
      await app.get(Mail).receipt(7);
      enqueue(tellWarehouse, 7);
    };
    await withPolicy(AllowAll, () => runInScope(work));
    expect(out).toEqual(['receipt of 7']);
    await withPolicy(DropAll, () => runInScope(work));
    expect(out).toEqual(['receipt of 7']);
  });

  it('puts every application under policies that are put around its work', async () => {
    app = await start();
    await withPolicy(DropAll, async () => {
      const other = await start();
      await other.get(AirlockService).run(async () => other.get(Mail).receipt(7));
      await other.close();
    });
    expect(out).toEqual([]);
  });

  it('has executors of the application, by name and by default', async () => {
    const by = (name: string) => ({ execute: () => void out.push(name) });
    app = await start({ executor: by('default'), executors: { mails: by('mails') } });
    await runInScope(() => enqueue(tellWarehouse, 7));
    await runInScope({ executor: 'mails' }, async () => app.get(Mail).receipt(7));
    expect(out).toEqual(['default', 'mails']);
  });

  it('nests listeners in it: what they call is dropped when it fails', async () => {
    app = await start();
    const failing = runInScope(async () => {
      await app.get(EventEmitter2).emitAsync('paid', 7);
      throw new Error('the file ends here');
    });
    await expect(failing).rejects.toThrow('the file ends here');
    expect(out).toEqual([]);
  });

  it('names the service where several applications run, and needs none once one is left', async () => {
    app = await start();
    const other = await start();
    const refused = runInScope(async () => app.get(Mail).receipt(7));
    await expect(refused).rejects.toThrow(NoScopeError);
    await expect(refused).rejects.toThrow('`AirlockService` of its application');
    await app.get(AirlockService).run(async () => app.get(Mail).receipt(8));
    await other.close();
    await runInScope(async () => app.get(Mail).receipt(9));
    expect(out).toEqual(['receipt of 8', 'receipt of 9']);
  });

  it('belongs to an application whose modules a test has initialised before', async () => {
    const module = await Test.createTestingModule({
      imports: [AirlockModule.forRoot({ policy: DropAll })],
    }).compile();
    await module.init();
    app = module.createNestApplication();
    await app.init();
    await runInScope(() => enqueue(tellWarehouse, 7));
    expect(out).toEqual([]);
  });

  it('is refused in hooks of a shutdown', async () => {
    const refused: unknown[] = [];
    const work = async (): Promise<void> => {
      await runInScope(() => enqueue(tellWarehouse, 7)).catch((error) => refused.push(error));
    };
    @Injectable()
    class Goodbye implements OnModuleDestroy, OnApplicationShutdown {
      readonly onModuleDestroy = work;
      readonly onApplicationShutdown = work;
    }
    app = await start({}, [Goodbye]);
    await app.close();
    expect(refused).toEqual([expect.any(ShuttingDownError), expect.any(ShuttingDownError)]);
    expect(out).toEqual([]);
  });

  it('belongs to the application that a boot is tried again for', async () => {
    let boots = 0;
    @Injectable()
    class Database {
      onModuleInit(): void {
        if (++boots === 1) throw new Error('not yet');
      }
    }
    await expect(start({}, [Database])).rejects.toThrow('not yet');
    app = await start({}, [Database]);
    await runInScope(async () => app.get(Mail).receipt(7));
    expect(out).toEqual(['receipt of 7']);
  });

  it('opens one that belongs to no application once that is closed', async () => {
    app = await start({ policy: DropAll });
    await app.close();
    await runInScope(() => enqueue(tellWarehouse, 7));
    expect(out).toEqual(['warehouse of 7']);
  });
});

describe('when a free function is called outside any scope', () => {
  beforeEach(() => void out.splice(0));

  it.each([
    ['dispatch', ['warehouse of 7', 'set.add']],
    ['drop', []],
  ] as const)('does what the application says: %s', async (outsideScope, expected) => {
    const app = await start({ outsideScope });
    enqueue(tellWarehouse, 7);
    defer({ add: (): void => void out.push('set.add') }).add();
    await until(() => out.length === expected.length);
    expect(out).toEqual(expected);
    await app.close();
  });

  it('is refused by default', async () => {
    const app = await start();
    expect(() => enqueue(tellWarehouse, 7)).toThrow(NoScopeError);
    await app.close();
    expect(() => enqueue(tellWarehouse, 7)).toThrow(NoScopeError);
  });
});
