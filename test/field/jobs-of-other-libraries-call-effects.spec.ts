import { BullModule, getQueueToken, Process, Processor } from '@nestjs/bull';
import { Injectable, SetMetadata } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { AirlockService } from 'nestjs-airlock';
import type { Queue } from 'bull';
import { randomUUID } from 'node:crypto';
import { boot, checkAfterEach, COMPLETED, Effects, FAILED } from '../e2e/http/fixtures.js';
import { redis } from '../servers.js';

const OnParcel = (): MethodDecorator => SetMetadata('parcels:handler', true);

@Injectable()
class Parcels {
  constructor(private readonly effects: Effects) {}
  @OnParcel()
  async take(isLost: boolean): Promise<void> {
    await Promise.resolve();
    this.effects.all();
    if (isLost) throw new Error('lost');
  }
}

@Processor('parcels')
class ParcelsProcessor {
  constructor(private readonly effects: Effects) {}
  @Process('send')
  async send({ data }: { data: { fails: boolean } }): Promise<string> {
    await Promise.resolve();
    this.effects.all();
    if (data.fails) throw new Error('no stamp');
    return 'sent';
  }
}

checkAfterEach();

describe('when a Bull 4 queue hands a job to a method with @Process()', () => {
  it.each([
    ['completes', false, COMPLETED],
    ['fails', true, FAILED],
  ])('is a unit of work that %s with the job', async (_how, fails, expected) => {
    const { hostname, port } = new URL(redis.url);
    const { app, fate } = await boot({
      imports: [
        BullModule.registerQueue({
          name: 'parcels',
          prefix: randomUUID(),
          redis: { host: hostname, port: Number(port || 6379) },
        }),
      ],
      providers: [ParcelsProcessor],
    });
    const job = await app
      .get<Queue>(getQueueToken('parcels'))
      .add('send', { fails }, { removeOnFail: true });
    await job.finished().catch(() => {});
    expect(await fate()).toEqual(expected);
  });
});

describe('when a library builds handlers with a context type of its own', () => {
  it.each([
    ['completes', false, COMPLETED],
    ['fails', true, FAILED],
  ])('is a unit of work that %s with the call', async (_how, isLost, expected) => {
    const { app, fate } = await boot({ providers: [Parcels] });
    const parcels = app.get(Parcels);
    const { take } = Parcels.prototype as unknown as Record<string, never>;
    const handler = app
      .get(ExternalContextCreator)
      .create(parcels, take!, 'take', undefined, undefined, undefined, undefined, undefined, 'rmq');
    await (handler as (isLost: boolean) => Promise<void>)(isLost).catch(() => {});
    expect(await fate()).toEqual(expected);
  });
});

describe('when an application names a kind of its own', () => {
  it('makes each marked method a boundary, and lists it', async () => {
    const entryPoints = [{ name: 'parcels', metadataKey: 'parcels:handler' }];
    const { app, fate } = await boot({ providers: [Parcels] }, { entryPoints });
    await app.get(Parcels).take(false);
    expect(await fate()).toEqual(COMPLETED);
    const kinds = app.get(AirlockService).explain().boundaries;
    expect(kinds.at(-1)).toEqual({
      name: 'parcels',
      isOn: true,
      policies: [],
      entryPoints: ['Parcels.take'],
    });
  });

  it('refuses one without a key', async () => {
    const entryPoints = [{ name: 'parcels' }] as never;
    await expect(async () => boot({}, { entryPoints })).rejects.toThrow(
      /entryPoints\[0\]\.metadataKey/,
    );
  });
});
