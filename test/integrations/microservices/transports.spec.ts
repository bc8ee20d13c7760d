import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AirlockModule,
  AirlockOptionsError,
  AirlockService,
  type ContextCarrier,
  EffectBuffer,
  EffectSerializationError,
  enqueue,
  type Intent,
  SideEffect,
} from 'nestjs-airlock';
import {
  AirlockMicroservicesModule,
  ClientProxyExecutor,
  EngineUnreachableError,
} from 'nestjs-airlock/microservices';
import { describeWith } from '../../servers.js';
import { Line } from '../line.js';
import { Bench, carriers, closedPort, Mail, Rabbit, silentAt, until, within } from './fixtures.js';

/** Enqueues further effects, then succeeds or fails. */
@Injectable()
class Orders {
  readonly told: string[] = [];
  readonly scopes = new Set<string>();

  constructor(
    @Inject(EffectBuffer) private readonly effects: EffectBuffer,
    @Inject(AirlockService) private readonly airlock: AirlockService,
  ) {}

  @SideEffect()
  async ship(id: string, succeeds: boolean): Promise<void> {
    this.effects.enqueue(this.tell, id);
    const scope = this.airlock.currentScope!;
    this.scopes.add(`${scope.name} of ${String(scope.parent?.name)}`);
    await sleep(1);
    if (!succeeds) throw new Error('not today');
  }

  private readonly tell = (id: string): void => void this.told.push(id);
}

describe.each(Object.values(carriers))('Over $server.name', (carrier) => {
  describeWith(carrier.server, 'ClientProxyExecutor', () => {
    const bench = new Bench(carrier);
    const rabbit = new Rabbit();
    const usesRabbit = carrier === carriers.rabbitmq;

    beforeEach(async () => {
      if (usesRabbit) await rabbit.open(bench.subject);
    });
    afterEach(async () => {
      if (usesRabbit) await rabbit.close(bench.subject);
    });

    describe('when a scope completes', () => {
      it('runs its effects in the other application, in order', async () => {
        const consumer = await bench.consumer();
        const producer = await bench.producer();
        await within(producer, async () => {
          for (let i = 0; i < 250; i++) await producer.get(Mail).send(i);
          await sleep(20);
          expect(consumer.get(Mail).sent).toEqual([]);
        });
        await until(() => consumer.get(Mail).sent.length === 250);
        expect(consumer.get(Mail).sent).toEqual(Array.from({ length: 250 }, (_, i) => i));
        expect(producer.get(Mail).sent).toEqual([]);
      });
    });

    describe('when a scope fails', () => {
      it('sends nothing', async () => {
        const consumer = await bench.consumer();
        const producer = await bench.producer();
        const failing = within(producer, async () => {
          await producer.get(Mail).send('a');
          throw new Error('declined');
        });
        await expect(failing).rejects.toThrow('declined');
        await within(producer, () => producer.get(Mail).send('b'));
        await until(() => consumer.get(Mail).sent.length === 1);
        expect(consumer.get(Mail).sent).toEqual(['b']);
      });
    });

    describe('when an effect enqueues effects in the other application', () => {
      it('lets them out if it succeeds and drops them if it fails, in one scope of its own', async () => {
        const consumer = await bench.consumer({ providers: [Orders] });
        const producer = await bench.producer({ providers: [Orders] });
        await within(producer, async () => {
          await producer.get(Orders).ship('a', true);
          await producer.get(Orders).ship('b', false);
          await producer.get(Orders).ship('c', true);
        });
        const { told, scopes } = consumer.get(Orders);
        await until(() => told.length === 2);
        expect(told).toEqual(['a', 'c']);
        expect([...scopes]).toEqual(['effect Orders.ship of undefined']);
      });
    });

    describe('when arguments are no plain JSON data', () => {
      it('refuses the call with the path', async () => {
        const producer = await bench.producer();
        await within(producer, async () => {
          await expect(producer.get(Mail).send({ when: new Date() })).rejects.toThrow(
            EffectSerializationError,
          );
          await expect(producer.get(Mail).send({ when: new Date() })).rejects.toThrow(
            '`args[0].when`',
          );
          await expect(producer.get(Mail).send('x'.repeat(2_000_000))).rejects.toThrow(
            '`maxPayloadBytes`',
          );
        });
      });

      it('carries what the serializer makes of them, and back', async () => {
        const serializer = {
          serialize: (args: readonly unknown[]) => args.map((arg) => ({ $bigint: String(arg) })),
          deserialize: (args: readonly unknown[]) =>
            args.map((arg) => BigInt((arg as { $bigint: string }).$bigint)),
        };
        const consumer = await bench.consumer({
          micro: { serializer, consumer: { acknowledge: usesRabbit } },
        });
        const producer = await bench.producer({ micro: { client: 'BROKER', serializer } });
        await within(producer, () => producer.get(Mail).send(7n));
        await until(() => consumer.get(Mail).sent.length === 1);
        expect(consumer.get(Mail).sent).toEqual([7n]);
      });
    });

    describe('when an effect has no name that another application could find', () => {
      it('runs it in this process, or refuses it', async () => {
        const ran: string[] = [];
        const note = (text: string): void => void ran.push(text);
        const lenient = await bench.producer();
        await within(lenient, () => enqueue(note, 'a'));
        expect(ran).toEqual(['a']);
        const strict = await bench.producer({
          micro: { client: 'BROKER', plainFunctions: 'refuse' },
        });
        await within(strict, () => {
          expect(() => enqueue(note, 'b')).toThrow(AirlockOptionsError);
        });
      });
    });

    describe('when the other application does not have the effect', () => {
      it('says so there, and goes on', async () => {
        const consumer = await bench.consumer();
        const producer = await bench.producer({ providers: [Orders] });
        await within(producer, async () => {
          await producer.get(Orders).ship('a', true);
          await producer.get(Mail).send('after');
        });
        await until(() => consumer.get(Mail).sent.length === 1);
        expect(bench.lines.of('error')).toEqual([
          expect.stringContaining(
            'An effect was sent here that cannot be run: No effect is named "Orders.ship" here. Known effects: Mail.send, Mail.sendUrgently',
          ),
        ]);
      });
    });

    describe('when acknowledge is set, which only RabbitMQ has', () => {
      it('runs the effect, and says so elsewhere', async () => {
        const consumer = await bench.consumer({ micro: { consumer: { acknowledge: true } } });
        const producer = await bench.producer();
        await within(producer, () => producer.get(Mail).send('a'));
        await until(() => consumer.get(Mail).sent.length === 1);
        const complaint = expect.stringContaining(
          '`consumer.acknowledge` is for RabbitMQ',
        ) as unknown;
        expect(bench.lines.of('error')).toEqual(usesRabbit ? [] : [complaint]);
        expect(bench.lines.of('warn')).toEqual([]);
      });
    });

    describe('when a carrier takes something from the call', () => {
      it('restores it around the run', async () => {
        const runs: unknown[] = [];
        const carrier: ContextCarrier<string> = {
          name: 'trace',
          capture: () => '00-aaaa-bbbb-01',
          restore: (trace, run) => (runs.push(trace), run()),
        };
        const airlock = { context: [carrier] };
        const consumer = await bench.consumer({ airlock });
        const producer = await bench.producer({ airlock });
        await within(producer, () => producer.get(Mail).send('a'));
        await until(() => consumer.get(Mail).sent.length === 1);
        expect(runs).toEqual(['00-aaaa-bbbb-01']);
      });
    });

    describe('when the broker is not there', () => {
      it('says so at boot, after dispatchTimeoutMs', async () => {
        const url = `${new URL(carrier.server.url).protocol}//127.0.0.1:${await closedPort()}`;
        const booting = bench.producer({
          url,
          micro: { client: 'BROKER', dispatchTimeoutMs: 200 },
        });
        await expect(booting).rejects.toThrow(EngineUnreachableError);
        await expect(booting).rejects.toThrow(
          /^The broker behind "BROKER" did not answer within 200 ms: the application cannot start\./,
        );
      });
    });

    describe('when something listens in its place, and never answers', () => {
      it('says at boot why it could not be reached before', async () => {
        const port = await closedPort();
        const url = `${new URL(carrier.server.url).protocol}//127.0.0.1:${port}`;
        const booting = bench
          .producer({ url, micro: { client: 'BROKER', dispatchTimeoutMs: 1_500 } })
          .catch((error: unknown) => error);
        await new Promise((resolve) => setTimeout(resolve, 700));
        const silent = await silentAt(port);
        expect(await booting).toMatchObject({ cause: { message: expect.any(String) as string } });
        silent();
      });
    });

    describe('when the broker comes back in time', () => {
      it('waits for it, at the flush', async () => {
        const line = new Line(carrier.server);
        await line.mend();
        const consumer = await bench.consumer();
        const producer = await bench.producer({
          url: line.url,
          micro: { client: 'BROKER', dispatchTimeoutMs: 4_000 },
        });
        await line.cut();
        await sleep(50);
        const flushing = within(producer, () => producer.get(Mail).send('a'));
        await sleep(100);
        await line.mend();
        await flushing;
        await until(() => consumer.get(Mail).sent.length === 1);
        expect(consumer.get(Mail).sent).toEqual(['a']);
        await producer.close();
        await line.cut();
      });
    });

    describe('when dispatchOptions are given and nothing says what they mean', () => {
      it('refuses that call and sends the others', async () => {
        const consumer = await bench.consumer();
        const producer = await bench.producer();
        await within(producer, async () => {
          await producer.get(Mail).send('a');
          await expect(producer.get(Mail).sendUrgently('b')).rejects.toThrow(
            'Make a message of them with `record`',
          );
          await producer.get(Mail).send('c');
        });
        await until(() => consumer.get(Mail).sent.length === 2);
        expect(consumer.get(Mail).sent).toEqual(['a', 'c']);
      });
    });

    describe('when the consumer shuts down', () => {
      it('lets the effect that runs end', async () => {
        let begun = false;
        let ended = false;
        @Injectable()
        class Slow {
          @SideEffect()
          async work(): Promise<void> {
            begun = true;
            await sleep(150);
            ended = true;
          }
        }
        const consumer = await bench.consumer({ providers: [Slow] });
        const producer = await bench.producer({ providers: [Slow] });
        await within(producer, () => producer.get(Slow).work());
        await until(() => begun);
        await consumer.close();
        expect(ended).toBe(true);
      });
    });
  });
});

describe('ClientProxyExecutor', () => {
  describe('when the broker is gone and there are very many effects', () => {
    it('tells of each that it was not sent', async () => {
      let isUp = true;
      const connect = async (): Promise<void> => {
        if (!isUp) throw new Error('down');
      };
      const application = await Test.createTestingModule({
        imports: [
          AirlockModule.forRoot({ executor: ClientProxyExecutor }),
          AirlockMicroservicesModule.forRoot({ client: 'BROKER', dispatchTimeoutMs: 20 }),
        ],
        providers: [{ provide: 'BROKER', useValue: { connect } }],
      }).compile();
      await application.init();
      isUp = false;
      const intents = Array.from({ length: 200_000 }, () => ({}) as Intent);
      const results = await application
        .get(ClientProxyExecutor, { strict: false })
        .executeBatch(intents);
      expect(results.every(({ intent }, index) => intent === intents[index])).toBe(true);
      expect(new Set(results.map(({ error }) => (error as Error).message))).toEqual(
        new Set([expect.stringContaining('200000 effect(s) were not sent')]),
      );
      await application.close();
    });
  });
});
