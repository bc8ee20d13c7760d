import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { AirlockModule, AirlockService, type DispatchError, SideEffect } from 'nestjs-airlock';
import {
  AirlockBullMqModule,
  type AirlockBullMqOptions,
  BullMqExecutor,
} from 'nestjs-airlock/bullmq';
import { Address } from '../own-servers/address.js';
import { describeWithOwn } from '../own-servers/describe-with-own.js';
import { OwnRedis } from '../own-servers/own.redis.js';
import { Lines, until } from '../integrations/remote.js';

@Injectable()
class Mail {
  readonly sent: number[] = [];

  @SideEffect()
  async send(order: number): Promise<void> {
    this.sent.push(order);
  }
}

describeWithOwn([OwnRedis], 'when Redis fails over behind one address', () => {
  let primary: OwnRedis;
  let replica: OwnRedis;
  let address: Address;
  const applications: TestingModule[] = [];
  const lines = new Lines();

  beforeEach(async () => {
    primary = await OwnRedis.start();
    replica = await OwnRedis.start({ replicaOf: primary });
    await until(() => replica.isFollowing());
    address = await Address.of(primary);
  });
  afterEach(async () => {
    await Promise.all(applications.splice(0).map((application) => application.close()));
    await address.shut();
    await Promise.all([primary.remove(), replica.remove()]);
    lines.all.length = 0;
  });

  /** The old primary goes on as a replica, and keeps the connections it has. */
  async function failOver(): Promise<void> {
    address.pointAt(replica);
    await primary.failOverTo(replica);
  }

  async function boot(options: Partial<AirlockBullMqOptions> = {}): Promise<TestingModule> {
    const connection = `redis://127.0.0.1:${address.port}`;
    const application = await Test.createTestingModule({
      imports: [
        AirlockModule.forRoot({ executor: BullMqExecutor }),
        AirlockBullMqModule.forRoot({ connection, dispatchTimeoutMs: 3_000, ...options }),
      ],
      providers: [Mail],
    })
      .setLogger(lines as never)
      .compile();
    applications.push(application);
    return application.init();
  }

  const send = (application: TestingModule, order: number): Promise<void> =>
    application.get(AirlockService).run(() => application.get(Mail).send(order));

  const numbers = (from: number, count: number): readonly number[] =>
    Array.from({ length: count }, (_, i) => from + i);

  it('sends what comes later to the new primary, each effect once', async () => {
    const producer = await boot();
    for (const order of numbers(0, 10)) await send(producer, order);
    await failOver();
    for (const order of numbers(10, 120)) await send(producer, order);
    const worker = await boot({ worker: true });
    const { sent } = worker.get(Mail);
    await until(() => sent.length >= 130);
    expect(sent).toEqual(numbers(0, 130));
  });

  it('waits for a primary as long as it waits for Redis, and then says what was there', async () => {
    const producer = await boot({ dispatchTimeoutMs: 2_000 });
    await send(producer, 1);
    await primary.command('replicaof', '127.0.0.1', String(replica.port));
    const error: DispatchError = await send(producer, 2).then(
      () => Promise.reject(new Error('It was sent.')),
      (reason: DispatchError) => reason,
    );
    expect(error.failures[0]!.error).toMatchObject({
      code: 'AIRLOCK_ENGINE_UNREACHABLE',
      delivery: 'not sent',
      message: expect.stringContaining(
        `Redis at 127.0.0.1:${address.port} took no writes for 2000 ms (READONLY)`,
      ),
    });
    await primary.command('replicaof', 'no', 'one');
    await send(producer, 3);
  });

  it('goes on with a worker that was waiting for jobs', async () => {
    const both = await boot({ worker: true });
    const { sent } = both.get(Mail);
    await send(both, 0);
    await until(() => sent.length === 1);
    await failOver();
    for (const order of numbers(1, 20)) await send(both, order);
    await until(() => new Set(sent).size === 21);
    // One that had run and could not be told as done may run again.
    await sleep(100);
    expect(new Set(sent)).toEqual(new Set(numbers(0, 21)));
    expect(lines.of('error').filter((line) => line.includes('READONLY')).length).toBeLessThan(3);
  });
});
