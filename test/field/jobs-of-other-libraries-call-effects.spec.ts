import { BullModule, getQueueToken, Process, Processor } from '@nestjs/bull';
import { Injectable, SetMetadata } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { AirlockService } from 'nestjs-airlock';
import type { Queue } from 'bull';
import { randomUUID } from 'node:crypto';
import { boot, checkAfterEach, COMPLETED, Effects, FAILED, until } from '../e2e/http/fixtures.js';
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

  // Bull tells by the number of parameters that the job ends with the callback.
  @Process('call back')
  callBack({ data }: { data: { fails: boolean } }, done: Done): string {
    this.effects.all();
    setTimeout(() => {
      this.effects.all();
      done(data.fails ? new Error('no stamp') : null, 'sent');
    }, 5);
    return 'not awaited';
  }

  @Process('break off')
  breakOff(_job: unknown, _done: Done): void {
    this.effects.all();
    throw new Error('no stamp');
  }
}

type Done = (error: Error | null, value?: string) => void;

checkAfterEach();

describe('when a Bull 4 queue hands a job to a method with @Process()', () => {
  async function run(name: string, fails: boolean) {
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
      .add(name, { fails }, { removeOnFail: true });
    const answer = await job.finished().catch((error: Error) => error.message);
    return { app, answer: answer as unknown, fate: await fate() };
  }

  it.each([
    ['completes', false, COMPLETED, 'sent'],
    ['fails', true, FAILED, 'no stamp'],
  ])('is a unit of work that %s with the job', async (_how, fails, expected, answer) => {
    expect(await run('send', fails)).toMatchObject({ answer, fate: expected });
  });

  it.each([
    ['completes', false, COMPLETED, 'sent'],
    ['fails', true, FAILED, 'no stamp'],
  ])('%s with the callback that it takes', async (_how, fails, expected, answer) => {
    const twice = {
      out: [...expected.out, ...expected.out],
      dropped: [...expected.dropped, ...expected.dropped],
    };
    expect(await run('call back', fails)).toMatchObject({ answer, fate: twice });
  });

  it('fails with what it throws before it calls back', async () => {
    expect(await run('break off', false)).toMatchObject({ answer: 'no stamp', fate: FAILED });
  });

  it('returns to a direct caller what it has returned', async () => {
    const { app } = await run('send', false);
    const done = jest.fn();
    expect(app.get(ParcelsProcessor).callBack({ data: { fails: false } }, done)).toBe(
      'not awaited',
    );
    await until(() => done.mock.calls.length > 0);
    expect(done).toHaveBeenCalledWith(null, 'sent');
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
