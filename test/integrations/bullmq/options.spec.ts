import { Module } from '@nestjs/common';
import { AirlockModule, AirlockOptionsError } from 'nestjs-airlock';
import {
  AirlockBullMqModule,
  type AirlockBullMqOptions,
  type AirlockBullMqOptionsFactory,
  BullMqExecutor,
} from 'nestjs-airlock/bullmq';
import { describeWith } from '../../servers.js';
import { Bench, Mail, server, until, within } from './fixtures.js';

const executor = BullMqExecutor;

describeWith(server, 'AirlockBullMqModule', () => {
  const bench = new Bench();

  describe('when an option is none it knows, or of the wrong kind', () => {
    it.each<[object, string, string]>([
      [
        { conection: {} },
        'conection',
        'Unknown option `conection`. Known options: plainFunctions, serializer',
      ],
      [
        { connection: 'localhost' },
        'connection',
        'a URL of Redis, options of ioredis or an ioredis client, got `localhost`',
      ],
      [{ connection: undefined }, 'connection', 'got `undefined`'],
      [{ connection: 'redis://:secret@[bad:1' }, 'connection', 'got `redis://…`'],
      [{ prefix: '' }, 'prefix', 'a non-empty string'],
      [{ queue: 'a:b' }, 'queue', "the name of a queue, without ':'"],
      [{ queueFor: 'mail' }, 'queueFor', 'a function'],
      [{ jobOptions: 3 }, 'jobOptions', 'an object'],
      [{ jobOptions: { jobId: 'a' } }, 'jobOptions.jobId', 'Airlock sets it itself'],
      [{ worker: 'yes' }, 'worker', 'true or false'],
      [{ worker: { queues: [] } }, 'worker.queues', 'a non-empty array of strings'],
      [{ worker: { queues: ['a', 'b:c'] } }, 'worker.queues[1]', "without ':'"],
      [{ worker: { concurrency: 0 } }, 'worker.concurrency', 'a positive integer'],
      [{ worker: { autorun: false } }, 'worker.autorun', 'Airlock sets it itself'],
      [
        { worker: true, queueFor: () => 'a' },
        'worker.queues',
        'has to be told which ones it serves',
      ],
      [{ dispatchTimeoutMs: 2 ** 31 }, 'dispatchTimeoutMs', 'at most 2147483647'],
      [
        { dispatchTimeoutMs: 0 },
        'dispatchTimeoutMs',
        'a number of milliseconds, more than 0 and at most 2147483647 (24.8 days)',
      ],
      [{ plainFunctions: 'drop' }, 'plainFunctions', "'in-process' or 'refuse'"],
      [{ serializer: { serialize: () => [] } }, 'serializer', '`serialize` and `deserialize`'],
      [{ maxPayloadBytes: 1.5 }, 'maxPayloadBytes', 'a positive integer'],
    ])('refuses to start: %j', async (options, key, message) => {
      const starting = bench.producer({ bullmq: options as Partial<AirlockBullMqOptions> });
      await expect(starting).rejects.toThrow(AirlockOptionsError);
      await expect(starting).rejects.toMatchObject({
        key,
        message: expect.stringContaining(message),
      });
    });

    it('refuses a client of another library', async () => {
      const connection = { connect: () => {}, duplicate: () => {}, sendCommand: () => {} };
      await expect(bench.producer({ bullmq: { connection } })).rejects.toThrow(
        'Expected `connection` to be a client of ioredis, got one of another library.',
      );
    });
  });

  describe('when its options come from other providers', () => {
    const options = (): AirlockBullMqOptions => ({
      connection: server.url,
      queue: bench.queue,
      worker: true,
    });
    class Factory implements AirlockBullMqOptionsFactory {
      createAirlockBullMqOptions = options;
    }
    @Module({ providers: [{ provide: 'OPTIONS', useFactory: options }], exports: ['OPTIONS'] })
    class Settings {}

    it.each([
      [
        'useFactory',
        () =>
          AirlockBullMqModule.forRootAsync({
            imports: [Settings],
            inject: ['OPTIONS'],
            useFactory: (given: AirlockBullMqOptions) => given,
          }),
      ],
      ['useClass', () => AirlockBullMqModule.forRootAsync({ useClass: Factory })],
    ])('takes them through %s', async (_, imported) => {
      const both = await bench.boot({
        imports: [AirlockModule.forRoot({ executor }), imported()],
        providers: [Mail],
      });
      await within(both, () => both.get(Mail).send('a'));
      await until(() => both.get(Mail).sent.length === 1);
      expect((await bench.jobs()).map(({ name }) => name)).toEqual(['Mail.send']);
    });
  });

  describe('when a prefix is set', () => {
    it('keeps to it', async () => {
      const both = await bench.worker({ bullmq: { prefix: `p-${bench.queue}` } });
      await within(both, () => both.get(Mail).send('a'));
      await until(() => both.get(Mail).sent.length === 1);
      const keys = await bench.redis.keys(`*${bench.queue}*`);
      expect(keys.filter((key) => !key.startsWith(`p-${bench.queue}:`))).toEqual([]);
      await bench.redis.del(...keys);
    });
  });

  it('says at the start which queues it serves', async () => {
    await bench.worker({ bullmq: { worker: { queues: [bench.queue, bench.newName()] } } });
    expect(
      bench.lines.of('log').filter((line) => line.startsWith('Running the effects in')),
    ).toEqual([expect.stringMatching(/^Running the effects in "test-\w+", "test-\w+"$/)]);
  });
});
