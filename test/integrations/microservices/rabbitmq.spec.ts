import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { RmqRecordBuilder } from '@nestjs/microservices';
import type { TestingModule } from '@nestjs/testing';
import type { Channel } from 'amqplib';
import { DispatchError, SideEffect } from 'nestjs-airlock';
import { EngineUnreachableError } from 'nestjs-airlock/microservices';
import { describeWith } from '../../servers.js';
import { Line } from '../line.js';
import { Bench, carriers, Mail, PREFETCH, Rabbit, until, within } from './fixtures.js';

const carrier = carriers.rabbitmq;
const envelope = { v: 1, id: 'i:0', effect: 'Mail.send', args: ['a'], at: '2026-01-01' };

/** Fails as often as it is told to. */
@Injectable()
class Fickle {
  static failures = 0;
  readonly attempts: string[] = [];

  @SideEffect()
  async run(id: string): Promise<void> {
    this.attempts.push(id);
    if (this.attempts.length <= Fickle.failures) throw new Error('not today');
  }
}

describeWith(carrier.server, 'Effects over RabbitMQ', () => {
  const bench = new Bench(carrier);
  const rabbit = new Rabbit();
  let channel: Channel;

  beforeEach(async () => {
    channel = await rabbit.open(bench.subject);
  });
  afterEach(() => rabbit.close(bench.subject));

  const waiting = async (queue = bench.subject): Promise<number> =>
    (await channel.checkQueue(queue)).messageCount;
  const dead = (): Promise<number> => waiting(`${bench.subject}.dead`);

  describe('when an effect succeeds', () => {
    it('acknowledges its message', async () => {
      const consumer = await bench.consumer();
      const producer = await bench.producer();
      await within(producer, () => producer.get(Mail).send('a'));
      await until(() => consumer.get(Mail).sent.length === 1);
      await consumer.close();
      expect([await waiting(), await dead()]).toEqual([0, 0]);
    });
  });

  describe('when an effect fails', () => {
    it('gives the message back after retryDelayMs, until it succeeds', async () => {
      Fickle.failures = 2;
      const consumer = await bench.consumer({ providers: [Fickle] });
      const producer = await bench.producer({ providers: [Fickle] });
      await within(producer, () => producer.get(Fickle).run('a'));
      const { attempts } = consumer.get(Fickle);
      await until(() => attempts.length === 3);
      expect(bench.lines.of('error')).toEqual([
        'Effect Fickle.run failed and goes back to its queue: not today',
        'Effect Fickle.run failed and goes back to its queue: not today',
      ]);
      await consumer.close();
      expect([await waiting(), await dead()]).toEqual([0, 0]);
    });
  });

  describe('when nothing here can run it', () => {
    it.each<[string, unknown]>([
      ['an effect that is not there', { ...envelope, effect: 'Nobody.knows' }],
      ['another version', { ...envelope, v: 2 }],
      ['no envelope', 'text'],
    ])('goes to the dead letters at once: %s', async (_, data) => {
      await bench.consumer();
      channel.sendToQueue(
        bench.subject,
        Buffer.from(JSON.stringify({ pattern: bench.subject, data })),
      );
      await until(async () => (await dead()) === 1);
      expect(bench.lines.of('error')).toEqual([
        expect.stringContaining('An effect was sent here that cannot be run'),
      ]);
    });
  });

  describe('when the consumer shuts down before an effect has ended', () => {
    it('leaves the message to another consumer', async () => {
      let runs = 0;
      @Injectable()
      class Stuck {
        @SideEffect()
        async work(): Promise<void> {
          if (++runs === 1) await new Promise(() => {});
        }
      }
      const first = await bench.consumer({
        providers: [Stuck],
        airlock: { shutdownTimeoutMs: 50 },
      });
      const producer = await bench.producer({ providers: [Stuck] });
      await within(producer, () => producer.get(Stuck).work());
      await until(() => runs === 1);
      await first.close();
      await bench.consumer({ providers: [Stuck] });
      await until(() => runs === 2);
      expect(runs).toBe(2);
    });
  });

  describe('when a consumer closes while others wait', () => {
    let begun: number[];

    @Injectable()
    class Slow {
      @SideEffect()
      async work(id: number): Promise<void> {
        begun.push(id);
        await sleep(50);
      }
    }
    const providers = [Slow];
    const ids = Array.from({ length: 40 }, (_, id) => id);

    beforeEach(() => (begun = []));

    const send = async () => {
      const producer = await bench.producer({ providers });
      await within(producer, async () => {
        for (const id of ids) await producer.get(Slow).work(id);
      });
    };

    it('runs and acknowledges what it was handed, takes nothing else, and leaves the others', async () => {
      const first = await bench.hybrid({ providers });
      await send();
      await until(() => begun.length === PREFETCH);
      await first.close();
      expect(begun).toHaveLength(PREFETCH);
      await bench.consumer({ providers });
      await until(() => begun.length === ids.length);
      expect(begun.toSorted((a, b) => a - b)).toEqual(ids);
    });

    it('loses none where the connection is closed first, as `close` of a mere microservice does, but has some run again', async () => {
      const first = await bench.consumer({ providers });
      await send();
      await until(() => begun.length === PREFETCH);
      await first.close();
      expect(bench.lines.of('warn')).toContainEqual(
        expect.stringContaining('RabbitMQ will deliver Slow.work again'),
      );
      await bench.consumer({ providers });
      await until(() => begun.length === ids.length + PREFETCH);
      expect(new Set(begun)).toEqual(new Set(ids));
    });
  });

  describe('when dispatchOptions are made a record of', () => {
    it('sends them with the message', async () => {
      const producer = await bench.producer({
        micro: {
          client: 'BROKER',
          record: (data, { dispatchOptions }) =>
            new RmqRecordBuilder(data).setOptions({ ...dispatchOptions }).build(),
        },
      });
      await within(producer, () => producer.get(Mail).sendUrgently('a'));
      await until(async () => (await waiting()) === 1);
      const message = await channel.get(bench.subject);
      expect(message).toMatchObject({ properties: { priority: 5 } });
    });
  });

  describe('when nothing is said about records', () => {
    it('sends the id of the intent as that of the message', async () => {
      const producer = await bench.producer();
      await within(producer, () => producer.get(Mail).send('a'));
      await until(async () => (await waiting()) === 1);
      const message = await channel.get(bench.subject);
      const { data } = JSON.parse(String((message as { content: Buffer }).content)) as {
        data: typeof envelope;
      };
      expect(message).toMatchObject({ properties: { messageId: data.id } });
      expect(data).toMatchObject({ v: 1, effect: 'Mail.send', args: ['a'] });
    });
  });

  describe('when the connection breaks', () => {
    const unreachable = { code: 'AIRLOCK_ENGINE_UNREACHABLE' };
    const sendsAgain = (producer: TestingModule) =>
      until(() =>
        within(producer, () => producer.get(Mail).send('after')).then(
          () => true,
          () => false,
        ),
      );

    it('reports what was not sent, does not send it later, and recovers', async () => {
      const line = new Line(carrier.server);
      await line.mend();
      const producer = await bench.producer({
        url: line.url,
        micro: { client: 'BROKER', dispatchTimeoutMs: 1_000 },
      });
      await within(producer, () => producer.get(Mail).send('before'));
      await line.cut();
      await sleep(50);
      const flushing = within(producer, async () => {
        await producer.get(Mail).send('lost');
        await producer.get(Mail).send('lost as well');
      });
      await expect(flushing).rejects.toThrow(DispatchError);
      await expect(flushing).rejects.toMatchObject({
        failures: [{ error: unreachable }, { error: unreachable }],
      });
      await line.mend();
      await sendsAgain(producer);
      const consumer = await bench.consumer();
      await until(() => consumer.get(Mail).sent.length === 2);
      expect(consumer.get(Mail).sent).toEqual(['before', 'after']);
      await producer.close();
      await line.cut();
    });

    it('says what it does not know and what it did not send where no answer comes', async () => {
      const line = new Line(carrier.server);
      await line.mend();
      const producer = await bench.producer({
        url: line.url,
        micro: { client: 'BROKER', dispatchTimeoutMs: 1_000 },
      });
      line.freeze();
      const flushing = within(producer, async () => {
        for (let i = 0; i < 150; i++) await producer.get(Mail).send(i);
      });
      const error: DispatchError = await flushing.then(
        () => Promise.reject(new Error('It was flushed.')),
        (reason: DispatchError) => reason,
      );
      const errors = error.errors as readonly EngineUnreachableError[];
      expect(errors[0]).toBeInstanceOf(EngineUnreachableError);
      expect(errors[0]).toMatchObject({ delivery: 'unknown', timeoutMs: 1_000 });
      expect(errors.map(({ delivery }) => delivery)).toEqual([
        ...Array.from({ length: 100 }, () => 'unknown'),
        ...Array.from({ length: 50 }, () => 'not sent'),
      ]);
      line.drop();
      await sendsAgain(producer);
      await producer.close();
      await line.cut();
    });
  });
});
