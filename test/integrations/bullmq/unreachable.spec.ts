import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { AirlockService, DispatchError } from 'nestjs-airlock';
import { BullMqExecutor, EngineUnreachableError } from 'nestjs-airlock/bullmq';
import { describeWith } from '../../servers.js';
import { Bench, Mail, server, until, within } from './fixtures.js';
import { Line } from '../line.js';

describeWith(server, 'BullMQ without its Redis', () => {
  const bench = new Bench();
  let line: Line;

  beforeEach(async () => {
    line = new Line(server);
    await line.mend();
  });
  afterEach(() => line.cut().catch(() => {}));

  const texts = async (): Promise<unknown[]> =>
    (await bench.jobs()).map(({ data }) => data.args[0]);
  const overLine = (dispatchTimeoutMs = 500) => ({
    bullmq: { connection: line.url, dispatchTimeoutMs },
  });

  describe('when it is not there at boot', () => {
    it.each<[string, (port: number) => string | object, string]>([
      ['a URL', (port) => `redis://user:secret@127.0.0.1:${port}/0`, '127.0.0.1'],
      ['options', (port) => ({ host: 'localhost', port, password: 'secret' }), 'localhost'],
      [
        'options with a URL',
        (port) => ({ url: `redis://127.0.0.1:${port}`, password: 'secret' }),
        '127.0.0.1',
      ],
    ])('says so after dispatchTimeoutMs, without secrets: %s', async (_, connectionTo, host) => {
      await line.cut();
      const booting = bench.producer({
        bullmq: { connection: connectionTo(line.port), dispatchTimeoutMs: 1_000 },
      });
      const error: EngineUnreachableError = await booting.then(
        () => Promise.reject(new Error('It started.')),
        (reason: EngineUnreachableError) => reason,
      );
      expect(error).toBeInstanceOf(EngineUnreachableError);
      expect(error).toMatchObject({
        code: 'AIRLOCK_ENGINE_UNREACHABLE',
        timeoutMs: 1_000,
        delivery: 'not sent',
      });
      expect(error.message).toContain(
        `Redis at ${host}:${line.port} did not answer within 1000 ms: the application cannot start.`,
      );
      expect(String((error.cause as Error).message)).toContain('ECONNREFUSED');
      expect(error.message).not.toContain('secret');
    });

    it('takes the address of a constructed client', async () => {
      await line.cut();
      const client = new Redis(line.url, { lazyConnect: true });
      const booting = bench.producer({ bullmq: { connection: client, dispatchTimeoutMs: 100 } });
      await expect(booting).rejects.toThrow(
        `Redis at 127.0.0.1:${line.port} did not answer within 100 ms`,
      );
      client.disconnect();
    });

    it('does not hold up the end of the application', async () => {
      await line.cut();
      await expect(bench.worker(overLine(100))).rejects.toThrow(EngineUnreachableError);
    });
  });

  describe('when it comes up while the application starts', () => {
    it('waits for it', async () => {
      await line.cut();
      const booting = bench.worker(overLine(5_000));
      await sleep(100);
      await line.mend();
      const both = await booting;
      await within(both, () => both.get(Mail).send('a'));
      await until(() => both.get(Mail).sent.length === 1);
      expect(both.get(Mail).sent).toEqual(['a']);
    });
  });

  describe('when it is not there at the flush', () => {
    it('reports every effect within dispatchTimeoutMs, and sends none of them later', async () => {
      const producer = await bench.producer(overLine());
      await line.cut();
      await sleep(20);
      const startedAt = performance.now();
      const flushing = within(producer, async () => {
        for (let i = 0; i < 2_500; i++) await producer.get(Mail).send(i);
      });
      const error: DispatchError = await flushing.then(
        () => Promise.reject(new Error('It was flushed.')),
        (reason: DispatchError) => reason,
      );
      // For each of them it would be twenty minutes.
      expect(performance.now() - startedAt).toBeLessThan(30_000);
      expect(error).toBeInstanceOf(DispatchError);
      expect(error.failures).toHaveLength(2_500);
      expect(
        new Set(
          error.failures.map((failure) => (failure.error as EngineUnreachableError).delivery),
        ),
      ).toEqual(new Set(['not sent']));
      expect((error.failures[0]!.error as Error).message).toBe(
        `Redis at 127.0.0.1:${line.port} did not answer within 500 ms: 250 effect(s) for queue "${bench.queue}" were not sent. ` +
          'See that it runs and that its address is right, or allow more time with `dispatchTimeoutMs`.',
      );
      await line.mend();
      await until(async () => {
        await producer.get(AirlockService).run(() => producer.get(Mail).send('after'));
        return true;
      });
      expect(await texts()).toEqual(['after']);
    });

    it('waits for it where it comes back in time', async () => {
      const producer = await bench.producer(overLine(5_000));
      await line.cut();
      const flushing = within(producer, () => producer.get(Mail).send('a'));
      await sleep(100);
      await line.mend();
      await flushing;
      expect(await texts()).toEqual(['a']);
    });

    it('lets any number of scopes wait for it', async () => {
      const warnings: string[] = [];
      const warned = ({ message }: Error): void => void warnings.push(message);
      process.on('warning', warned);
      const producer = await bench.producer(overLine(4_000));
      await line.cut();
      const flushing = Array.from({ length: 50 }, (_, i) =>
        within(producer, () => producer.get(Mail).send(i)),
      );
      await sleep(100);
      await line.mend();
      await Promise.all(flushing);
      process.off('warning', warned);
      expect(new Set(await texts())).toEqual(new Set(Array.from({ length: 50 }, (_, i) => i)));
      expect(warnings).toEqual([]);
    });

    it('says so when it is this application that has closed the connection', async () => {
      const producer = await bench.producer();
      const scope = producer.get(AirlockService).open();
      await scope.run(() => producer.get(Mail).send('a'));
      const [intent] = scope.intents;
      scope.close();
      scope.discard();
      const executor = producer.get(BullMqExecutor);
      await producer.close();
      await expect(executor.execute(intent!)).rejects.toMatchObject({
        timeoutMs: undefined,
        message: expect.stringMatching(
          /^The connection to Redis at .* was closed when this application shut down: 1 effect/,
        ),
      });
    });
  });

  describe('when it answers no more', () => {
    it('says after dispatchTimeoutMs that it does not know, and recovers', async () => {
      const producer = await bench.producer(overLine());
      line.freeze();
      const flushing = within(producer, () => producer.get(Mail).send('a'));
      await expect(flushing).rejects.toMatchObject({
        failures: [
          {
            error: {
              delivery: 'unknown',
              message: expect.stringContaining('is not known; all did or none'),
            },
          },
        ],
      });
      line.drop();
      await within(producer, () => producer.get(Mail).send('b'));
      expect(await texts()).toEqual(['b']);
    });

    it('adds nothing twice where it got through after all', async () => {
      const producer = await bench.producer(overLine(4_000));
      await within(producer, () => producer.get(Mail).send('first'));
      line.deafen();
      const flushing = within(producer, async () => {
        for (let i = 0; i < 10; i++) await producer.get(Mail).send(i);
      });
      await until(async () => (await bench.jobs()).length === 11, 3_000);
      line.drop();
      await flushing;
      expect(await texts()).toEqual(['first', 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });
  });

  describe('when the connection breaks in the middle of a flush', () => {
    const send = (producer: Awaited<ReturnType<Bench['producer']>>, count: number) =>
      within(producer, async () => {
        for (let i = 0; i < count; i++) await producer.get(Mail).send(i);
      });

    it('leaves nothing half sent', async () => {
      const producer = await bench.producer(overLine());
      await within(producer, () => producer.get(Mail).send('first'));
      line.cutAfter(50_000, true);
      await expect(send(producer, 250)).rejects.toThrow(DispatchError);
      expect(await texts()).toEqual(['first']);
    });

    it.each([50_000, 150_000, 400_000])(
      'sends everything once and in order where there is time to try again (after %i bytes)',
      async (bytes) => {
        const producer = await bench.producer(overLine(5_000));
        await within(producer, () => producer.get(Mail).send('first'));
        line.cutAfter(bytes);
        await send(producer, 1_000);
        expect(await texts()).toEqual(['first', ...Array.from({ length: 1_000 }, (_, i) => i)]);
      },
    );
  });

  describe('when its connections are killed again and again', () => {
    it('loses nothing and adds nothing twice', async () => {
      const url = new URL(server.url);
      const connectionName = `airlock-${bench.queue}`;
      const connection = { host: url.hostname, port: Number(url.port || 6379), connectionName };
      const producer = await bench.producer({ bullmq: { connection } });
      let isOver = false;
      let kills = 0;
      const killing = (async () => {
        while (!isOver) {
          const clients = (await bench.redis.client('LIST')) as string;
          const mine = clients
            .split('\n')
            .filter((client) => client.includes(`name=${connectionName} `));
          for (const client of mine)
            kills += Number(await bench.redis.client('KILL', 'ID', /id=(\d+)/.exec(client)![1]!));
          await sleep(15);
        }
      })();
      for (let scope = 0; scope < 30; scope++) {
        await within(producer, async () => {
          for (let i = 0; i < 10; i++) await producer.get(Mail).send(scope * 10 + i);
        });
      }
      isOver = true;
      await killing;
      expect(kills).toBeGreaterThan(2);
      expect(await texts()).toEqual(Array.from({ length: 300 }, (_, i) => i));
    });
  });

  describe('when Redis has forgotten the scripts', () => {
    it('sends them again', async () => {
      const producer = await bench.producer();
      await within(producer, () => producer.get(Mail).send('a'));
      await bench.redis.script('FLUSH');
      await within(producer, async () => {
        await producer.get(Mail).send('b');
        await producer.get(Mail).send('c');
      });
      expect(await texts()).toEqual(['a', 'b', 'c']);
    });
  });

  describe('when a worker loses it for a while', () => {
    it('goes on with what has come in meanwhile, and logs the outage once', async () => {
      const producer = await bench.producer();
      const worker = await bench.worker(overLine());
      await within(producer, () => producer.get(Mail).send('before'));
      await until(() => worker.get(Mail).sent.length === 1);
      await line.cut();
      await until(() => bench.lines.of('error').length > 0);
      await within(producer, () => producer.get(Mail).send('meanwhile'));
      await sleep(300);
      // The end of the connection that was there may be a line of its own.
      const lines = bench.lines.of('error');
      expect(lines.length).toBeLessThan(3);
      expect(lines.at(-1)).toMatch(/^Worker of queue "test-\w+": .*ECONNREFUSED/);
      await line.mend();
      await until(() => worker.get(Mail).sent.length === 2);
      expect(worker.get(Mail).sent).toEqual(['before', 'meanwhile']);
    });
  });

  describe('when the connection is a constructed client', () => {
    it('neither uses nor closes it', async () => {
      const client = new Redis(server.url);
      const both = await bench.worker({ bullmq: { connection: client } });
      await within(both, () => both.get(Mail).send('a'));
      await until(() => both.get(Mail).sent.length === 1);
      await both.close();
      expect(await client.ping()).toBe('PONG');
      expect(client.listenerCount('ready')).toBe(0);
      client.disconnect();
    });
  });
});
