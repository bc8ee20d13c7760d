import { Inject, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AirlockModule,
  AirlockOptionsError,
  AirlockService,
  BlockTasks,
  EffectBuffer,
  NoScopeError,
  runInScope,
} from 'nestjs-airlock';
import { captureEffects } from 'nestjs-airlock/testing';
import { checkAfterEach, Log } from '../e2e/http/fixtures.js';

const told: number[] = [];

function notifyWarehouse(id: number): void {
  told.push(id);
}

@Injectable()
class Queue {
  readonly jobs: unknown[] = [];
  add(name: string, id: number): void {
    this.jobs.push([name, id]);
  }
}

@Injectable()
class OrderService {
  constructor(
    @Inject(EffectBuffer) readonly effects: EffectBuffer,
    @Inject(Queue) readonly queue: Queue,
  ) {}

  place(id: number): readonly string[] {
    this.effects.enqueue(notifyWarehouse, id);
    this.effects.enqueueWith({ name: 'again' }, notifyWarehouse, id);
    this.effects.defer(this.queue).add('reserve', id);
    return this.effects.intents.map(({ name }) => name);
  }
}

class ImportService {
  constructor(
    private readonly airlock: AirlockService,
    private readonly orders: OrderService,
  ) {}

  async import(...ids: number[]): Promise<string | undefined> {
    return this.airlock.run({ name: 'import' }, () => {
      for (const id of ids) this.orders.place(id);
      return this.airlock.currentScope?.name;
    });
  }
}

const PLACED = ['notifyWarehouse', 'again', 'Queue.add'];

checkAfterEach();
beforeEach(() => void (told.length = 0));

describe('when a unit test makes an EffectBuffer for the service that it tests', () => {
  const orders = (): OrderService => new OrderService(new EffectBuffer(), new Queue());

  it('buffers in the scope that is open', async () => {
    const captured = await captureEffects(() => orders().place(7));
    expect(captured.error).toBeUndefined();
    expect(captured.result).toEqual(PLACED);
    expect(captured.dispatched.map(({ name }) => name)).toEqual(PLACED);
    expect(told).toEqual([]);
  });

  it('lets out what the scope lets out', async () => {
    const service = orders();
    await runInScope(() => service.place(7));
    expect(told).toEqual([7, 7]);
    expect(service.queue.jobs).toEqual([['reserve', 7]]);
  });

  it('puts policies around calls', async () => {
    const service = orders();
    await runInScope(() =>
      service.effects.withPolicy(new BlockTasks(['notifyWarehouse', 'again']), () =>
        service.place(7),
      ),
    );
    expect(told).toEqual([]);
    expect(service.queue.jobs).toEqual([['reserve', 7]]);
  });

  it('holds nothing outside a scope, and refuses calls as the functions do', () => {
    const service = orders();
    expect(service.effects.isActive).toBe(false);
    expect(service.effects.intents).toEqual([]);
    expect(() => service.place(7)).toThrow(NoScopeError);
    expect(() => service.place(7)).toThrow('captureInEveryTest()');
  });

  it('opens scopes by a service that it makes too', async () => {
    const imports = new ImportService(new AirlockService(), orders());
    expect(await imports.import(7, 8)).toBe('import');
    expect(told).toEqual([7, 7, 8, 8]);
  });

  it('says that such a service has no application', () => {
    const airlock = new AirlockService();
    expect(airlock.currentScope).toBeUndefined();
    expect(airlock.running()).toEqual([]);
    expect(() => airlock.explain()).toThrow(AirlockOptionsError);
  });

  it('is given one by a module that provides the class', async () => {
    const compiled = await Test.createTestingModule({
      providers: [OrderService, Queue, EffectBuffer],
    }).compile();
    const captured = await captureEffects(() => compiled.get(OrderService).place(7));
    expect(captured.result).toEqual(PLACED);
    await compiled.close();
  });
});

describe('when a module of an application lists EffectBuffer among its providers', () => {
  @Module({ providers: [OrderService, Queue, EffectBuffer], exports: [OrderService] })
  class OrdersModule {}

  it('buffers in the scopes of that application', async () => {
    const app = await Test.createTestingModule({ imports: [AirlockModule.forRoot(), OrdersModule] })
      .setLogger(new Log())
      .compile();
    await app.init();
    const orders = app.get(OrderService);
    await app.get(AirlockService).run(() => {
      expect(orders.place(7)).toEqual(PLACED);
      expect(told).toEqual([]);
    });
    expect(told).toEqual([7, 7]);
    await app.close();
  });
});
