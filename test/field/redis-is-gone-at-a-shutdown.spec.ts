import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { Redis } from 'ioredis';
import { AirlockModule, AirlockService, SideEffect } from 'nestjs-airlock';
import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import { Address } from '../own-servers/address.js';
import { describeWithOwn } from '../own-servers/describe-with-own.js';
import { OwnRedis } from '../own-servers/own.redis.js';
import { Lines, msOfClosing, until } from '../integrations/remote.js';

@Injectable()
class Mail {
  readonly begun: number[] = [];
  /** How long a run takes. */
  ms = 0;

  @SideEffect()
  async send(order: number): Promise<void> {
    this.begun.push(order);
    await sleep(this.ms, undefined, { ref: false });
  }
}

/** Enough for Redis when it is there, on a machine that is busy. */
const DISPATCH_TIMEOUT_MS = 500;
/** Beside the timeouts, for the work itself on such a machine. */
const BUSY_MS = 3_000;
const SHUTDOWN_TIMEOUT_MS = 1_500;

describeWithOwn(
  [OwnRedis],
  'when Redis is gone at the shutdown of an application that runs effects',
  () => {
    let redis: OwnRedis;
    let address: Address;
    const lines = new Lines();

    beforeEach(async () => {
      redis = await OwnRedis.start();
      address = await Address.of(redis);
    });
    afterEach(async () => {
      await address.shut();
      await redis.remove();
      lines.all.length = 0;
    });

    async function boot(
      connection: string | Redis = `redis://127.0.0.1:${address.port}`,
    ): Promise<TestingModule> {
      const application = await Test.createTestingModule({
        imports: [
          AirlockModule.forRoot({
            executor: BullMqExecutor,
            shutdownTimeoutMs: SHUTDOWN_TIMEOUT_MS,
          }),
          AirlockBullMqModule.forRoot({
            connection,
            worker: true,
            dispatchTimeoutMs: DISPATCH_TIMEOUT_MS,
          }),
        ],
        providers: [Mail],
      })
        .setLogger(lines as never)
        .compile();
      await application.init();
      await application.get(AirlockService).run(() => application.get(Mail).send(0));
      await until(() => application.get(Mail).begun.length === 1);
      return application;
    }

    it.each<[string, () => Promise<void> | void]>([
      ['was killed', () => redis.kill()],
      ['answers nobody', () => redis.freeze()],
      ['is out of reach', () => address.shut()],
    ])('closes in the time that is given for it where it %s', async (_, harm) => {
      const application = await boot();
      await harm();
      await sleep(50);
      expect(await msOfClosing(application, 30_000)).toBeLessThan(
        3 * DISPATCH_TIMEOUT_MS + BUSY_MS,
      );
    });

    it('closes in the time that is given for it while an effect runs', async () => {
      const application = await boot();
      const mail = application.get(Mail);
      mail.ms = 10_000;
      await application.get(AirlockService).run(() => mail.send(1));
      await until(() => mail.begun.length === 2);
      await redis.kill();
      expect(await msOfClosing(application, 30_000)).toBeLessThan(
        SHUTDOWN_TIMEOUT_MS + 3 * DISPATCH_TIMEOUT_MS + BUSY_MS,
      );
    });

    it('leaves a client of the application’s own to its owner', async () => {
      const client = new Redis(address.port);
      client.on('error', () => {});
      const application = await boot(client);
      await redis.kill();
      expect(await msOfClosing(application, 30_000)).toBeLessThan(
        3 * DISPATCH_TIMEOUT_MS + BUSY_MS,
      );
      await redis.start();
      expect(await client.ping()).toBe('PONG');
      client.disconnect();
      await until(
        async () =>
          String(await redis.command('client', 'list'))
            .trim()
            .split('\n').length === 1,
      );
    });

    it('does not come back when Redis does', async () => {
      const application = await boot();
      await address.shut();
      await msOfClosing(application, 30_000);
      await address.open();
      await sleep(1_500);
      const clients = String(await redis.command('client', 'list'))
        .trim()
        .split('\n');
      // The one that asks.
      expect(clients).toHaveLength(1);
    });
  },
);
