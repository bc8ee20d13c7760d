import { inspect } from 'node:util';
import { Controller, Get, Injectable, Logger, Post } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  Airlock,
  AirlockModule,
  type AirlockModuleOptions,
  type AirlockReport,
  AirlockService,
  AllowAll,
  BlockTasks,
  DropAll,
  enqueue,
  type Executor,
  LimitPerFlush,
  SideEffect,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import {
  DESCRIBES_ITSELF,
  type DescribesItself,
} from '../../../../lib/nest/services/self-description.js';

@Injectable()
@UseAirlockPolicy(AllowAll)
class MailService {
  @SideEffect({ executor: 'jobs', timeoutMs: 5_000 })
  @UseAirlockPolicy(new BlockTasks(['Nobody.knows']))
  async sendReceipt(): Promise<void> {}
  @SideEffect({ timeoutMs: false, executor: 'in-process' })
  async log(): Promise<void> {}
  @Airlock(DropAll)
  async backfill(): Promise<void> {}
}

@Controller('orders')
@UseAirlockPolicy(DropAll)
class OrdersController {
  @Post()
  @UseAirlockPolicy(AllowAll)
  @Airlock({ dispatch: 'afterResponse' })
  async place(): Promise<void> {}
  @Get()
  async list(): Promise<void> {}
}

@Injectable()
class Jobs implements Executor, DescribesItself {
  readonly remote = true;
  execute(): void {}
  [DESCRIBES_ITSELF]() {
    return {
      serializer: 'SuperJson',
      adapters: [{ client: 'Ledger', doors: ['ledger.transaction'] }],
      workers: [{ engine: 'Jobs', queues: ['mail', 'stock'], concurrency: 4 }],
    };
  }
}

const OPTIONS: AirlockModuleOptions = {
  policy: new LimitPerFlush(10),
  executors: { jobs: Jobs },
  boundaries: { http: { policy: AllowAll }, cqrs: false },
};

async function explained(): Promise<AirlockReport> {
  const app = await Test.createTestingModule({
    imports: [AirlockModule.forRoot(OPTIONS)],
    controllers: [OrdersController],
    providers: [MailService, Jobs],
  }).compile();
  await app.init();
  const report = app.get(AirlockService).explain();
  await app.close();
  return report;
}

describe('when an application is explained', () => {
  let report: AirlockReport;
  beforeAll(async () => {
    Logger.overrideLogger(false);
    report = await explained();
  });

  const entryPoint = (name: string, boundary: string) =>
    report.entryPoints.find((one) => one.name === name && one.boundary === boundary);

  it('has the policies on the way of each entry point, in order and with where each comes from', () => {
    expect(entryPoint('OrdersController.place', 'http')).toEqual({
      name: 'OrdersController.place',
      boundary: 'http',
      policies: [
        { name: 'AllowAll', from: '@UseAirlockPolicy on OrdersController.place' },
        { name: 'DropAll', from: '@UseAirlockPolicy on OrdersController' },
        { name: 'AllowAll', from: 'boundaries.http' },
        { name: 'LimitPerFlush', from: 'AirlockModule' },
      ],
      openAt: 'request',
      dispatch: 'afterResponse',
    });
    expect(entryPoint('OrdersController.list', 'http')).toMatchObject({
      dispatch: 'beforeResponse',
    });
  });

  it('has the methods with `@Airlock()`', () => {
    expect(entryPoint('MailService.backfill', '@Airlock')).toEqual({
      name: 'MailService.backfill',
      boundary: '@Airlock',
      policies: [
        { name: 'DropAll', from: '@Airlock on MailService.backfill' },
        { name: 'AllowAll', from: '@UseAirlockPolicy on MailService' },
        { name: 'LimitPerFlush', from: 'AirlockModule' },
      ],
    });
  });

  it('has the executor, serializer, time limit and own policies of each effect', () => {
    expect(report.effects).toEqual([
      {
        name: 'MailService.sendReceipt',
        executor: 'jobs',
        on: 'success',
        policies: [{ name: 'BlockTasks', from: '@UseAirlockPolicy on MailService.sendReceipt' }],
        serializer: 'SuperJson',
        timeoutMs: 5_000,
      },
      {
        name: 'MailService.log',
        executor: 'in-process',
        on: 'success',
        policies: [],
        serializer: 'copies',
        timeoutMs: false,
      },
    ]);
  });

  it('has what providers say of themselves, and the warnings of the boot', () => {
    expect(report.adapters).toEqual([{ client: 'Ledger', doors: ['ledger.transaction'] }]);
    expect(report.workers).toEqual([{ engine: 'Jobs', queues: ['mail', 'stock'], concurrency: 4 }]);
    expect(report.warnings).toEqual([expect.stringContaining('Nobody.knows')]);
  });

  it('prints as a page of text, and stays plain data', () => {
    const text = inspect(report);
    expect(String(report)).toBe(text);
    expect(text).toContain('off: cqrs');
    expect(text).toMatch(
      /OrdersController\.list +open around the request, beforeResponse +DropAll \(@UseAirlockPolicy on/,
    );
    expect(text).toMatch(
      /MailService\.sendReceipt +jobs \(Jobs\) +arguments in SuperJson +at most 5000 ms/,
    );
    expect(text).toMatch(/log +in-process \(InProcessExecutor\) +arguments copied +no time limit/);
    expect(text).toMatch(/Jobs +mail, stock +4 at a time/);
    expect(text).toContain('Nobody.knows');
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({ policies: ['LimitPerFlush'] });
  });
});

describe('when a class has a getter where its base class has an entry point', () => {
  it('reads nothing off it at boot', async () => {
    let reads = 0;
    class Shadowed extends OrdersController {}
    Object.defineProperty(Shadowed.prototype, 'list', {
      get() {
        reads++;
        throw new Error('not yet');
      },
    });
    Controller('shadowed')(Shadowed);
    const app = await Test.createTestingModule({
      imports: [AirlockModule.forRoot()],
      providers: [Shadowed],
    }).compile();
    await app.init();
    app.get(AirlockService).explain();
    expect(reads).toBe(0);
    await app.close();
  });
});

describe('when scopes and effects are at work', () => {
  it('lists them with their ages, and what waits', async () => {
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => (go = resolve));
    const app = await Test.createTestingModule({ imports: [AirlockModule.forRoot()] }).compile();
    await app.init();
    const airlock = app.get(AirlockService);
    expect(airlock.running()).toEqual([]);
    const scope = airlock.open({ name: 'job' });
    const slow = async (): Promise<void> => gate;
    scope.run(() => (enqueue(slow), enqueue(slow)));
    expect(airlock.running()).toMatchObject([
      { name: 'job', state: 'open', effects: [], waiting: ['slow', 'slow'] },
    ]);
    const ending = scope.end('completed');
    const [running] = airlock.running();
    expect(running).toMatchObject({
      name: 'job',
      state: 'flushed',
      effects: [{ name: 'slow' }],
      waiting: ['slow'],
    });
    expect(running!.ageMs).toBeGreaterThanOrEqual(running!.effects[0]!.ageMs!);
    go();
    await ending;
    expect(airlock.running()).toEqual([]);
    await app.close();
  });
});
