// The executors of the page "Recipes", with the real clients. RabbitMQ is a real one. SQS and
// Inngest are services in a cloud, and a small server answers as they do; Kafka's is in kafka.ts.
import { SQSClient } from '@aws-sdk/client-sqs';
import { Kafka, logLevel } from 'kafkajs';
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DispatchError, enqueueWith, type Executor, runInScope } from 'nestjs-airlock';
import { describeWith, rabbitmq } from '../../servers.js';
import { Line } from '../line.js';
import { checkAfterEach, errorOf } from '../../unit/core/fixtures.js';
import { KafkaServer } from './kafka.js';
import { describeWithClient, recipe } from './recipe.js';

checkAfterEach();

const sendReceipt = (_item: string): void => {};
const call = (...items: readonly string[]): void => {
  for (const item of items) enqueueWith({ name: 'sendReceipt' }, sendReceipt, item);
};
const send = (executor: Executor, ...items: readonly string[]): Promise<void> =>
  runInScope({ executor }, () => call(...items));
const failuresOf = async (work: Promise<void>): Promise<readonly string[]> => {
  const error = await errorOf(() => work);
  if (!(error instanceof DispatchError)) throw error;
  return error.failures.map((failure) => `${failure.intent.args[0]}: ${String(failure.error)}`);
};

/** A service that is spoken to in JSON. */
class JsonServer {
  readonly bodies: unknown[] = [];
  url = '';

  private constructor(private readonly server: Server) {}

  static async start(
    answer: (body: never, path: string) => readonly [status: number, body: object],
  ): Promise<JsonServer> {
    const started = new JsonServer(
      createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const body = JSON.parse(Buffer.concat(chunks).toString()) as never;
          started.bodies.push(body);
          const [status, answered] = answer(body, request.url!);
          response.writeHead(status, { 'content-type': 'application/json' });
          response.end(JSON.stringify(answered));
        });
      }),
    );
    await new Promise<void>((done) => started.server.listen(0, '127.0.0.1', done));
    started.url = `http://127.0.0.1:${(started.server.address() as AddressInfo).port}`;
    return started;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}

describe('when effects go to Kafka', () => {
  const { KafkaExecutor } = recipe<{ KafkaExecutor: new (producer: unknown) => Executor }>('kafka');
  let server: KafkaServer;
  let producer: ReturnType<Kafka['producer']>;
  let executor: Executor;

  beforeAll(async () => {
    server = await KafkaServer.start();
    const brokers = [`127.0.0.1:${server.port}`];
    producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    executor = new KafkaExecutor(producer);
  });
  afterAll(async () => {
    await producer.disconnect();
    await server.close();
  });

  it('sends those of a scope as one request', async () => {
    await send(executor, 'tea', 'milk');
    expect(server.requests.map((bodies) => bodies.map((body) => JSON.parse(body)))).toEqual([
      [bodyWith('tea'), bodyWith('milk')],
    ]);
  });

  it('tells of each that its broker has refused', async () => {
    server.isFull = true;
    expect(await failuresOf(send(executor, 'tea', 'milk'))).toEqual([
      expect.stringMatching(/^tea: KafkaJSProtocolError/),
      expect.stringMatching(/^milk: KafkaJSProtocolError/),
    ]);
  });
});

describe('when effects go to Amazon SQS', () => {
  const { SqsExecutor } = recipe<{ SqsExecutor: new (sqs: unknown, url: string) => Executor }>(
    'sqs',
  );
  type Batch = { Entries: { Id: string; MessageBody: string }[] };
  let server: JsonServer;
  let client: SQSClient;
  let executor: Executor;

  beforeAll(async () => {
    server = await JsonServer.start(({ Entries }: Batch) => {
      const isRefused = ({ MessageBody }: Batch['Entries'][number]): boolean =>
        MessageBody.includes('arsenic');
      const sent = Entries.filter((entry) => !isRefused(entry));
      return [
        200,
        {
          Successful: sent.map(({ Id, MessageBody }) => ({
            Id,
            MessageId: Id,
            MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
          })),
          Failed: Entries.filter(isRefused).map(({ Id }) => ({
            Id,
            Code: 'InvalidMessageContents',
            Message: 'no poison',
          })),
        },
      ];
    });
    client = new SQSClient({
      endpoint: server.url,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    });
    executor = new SqsExecutor(client, `${server.url}/1/effects`);
  });
  afterAll(async () => {
    client.destroy();
    await server.close();
  });

  it('sends ten in a request', async () => {
    await send(executor, ...Array.from({ length: 12 }, (_, i) => `${i}`));
    const batches = server.bodies as Batch[];
    expect(batches.map(({ Entries }) => Entries.length)).toEqual([10, 2]);
    expect(JSON.parse(batches[1]!.Entries[1]!.MessageBody)).toEqual(bodyWith('11'));
  });

  it('tells of the one that was refused, and sends the others', async () => {
    expect(await failuresOf(send(executor, 'tea', 'arsenic', 'milk'))).toEqual([
      'arsenic: Error: SQS refused it: InvalidMessageContents no poison',
    ]);
  });
});

describeWithClient('inngest', 'when effects go to Inngest', () => {
  type Client = new (options: object) => object;
  type Event = { id: string; name: string; data: object };
  let server: JsonServer;
  let executor: Executor;

  beforeAll(async () => {
    server = await JsonServer.start((events: Event[], path) =>
      path === '/e/key'
        ? [200, { ids: events.map(({ id }) => id), status: 200 }]
        : [401, { error: 'Event key not found', status: 401 }],
    );
  });
  afterAll(() => server.close());
  const executorWith = (eventKey: string): Executor => {
    const { Inngest } = jest.requireActual<{ Inngest: Client }>('inngest');
    const { InngestExecutor } = recipe<{ InngestExecutor: new (client: object) => Executor }>(
      'inngest',
    );
    return new InngestExecutor(
      new Inngest({ id: 'shop', eventKey, baseUrl: server.url, isDev: false }),
    );
  };

  it('sends those of a scope as one request of events', async () => {
    executor = executorWith('key');
    await send(executor, 'tea', 'milk');
    const eventWith = (item: string): object =>
      expect.objectContaining({
        id: expect.any(String),
        name: 'effects/sendReceipt',
        data: { args: [item] },
      });
    expect(server.bodies).toEqual([[eventWith('tea'), eventWith('milk')]]);
  });

  it('tells of each where the service refuses them', async () => {
    expect(await failuresOf(send(executorWith('another key'), 'tea', 'milk'))).toEqual([
      expect.stringMatching(/^tea: .*Event key not found/),
      expect.stringMatching(/^milk: .*Event key not found/),
    ]);
  });
});

const golevelup = '@golevelup/nestjs-rabbitmq';
describeWithClient(golevelup, 'when effects go to RabbitMQ', () => {
  describeWith(rabbitmq, 'with a broker', () => {
    interface Connection {
      readonly channel: {
        consume(queue: string, take: (message: Message) => void, options: object): Promise<unknown>;
      };
      readonly managedConnection: { once(event: 'disconnect', heard: () => void): unknown };
      init(): Promise<void>;
      close(): Promise<void>;
    }
    interface Message {
      readonly content: Buffer;
      readonly fields: { readonly routingKey: string };
      readonly properties: { readonly messageId: string };
    }
    const line = new Line(rabbitmq);
    const queue = `airlock-${randomUUID()}`;
    let consumer: Connection;
    let producer: Connection;
    let executor: Executor;
    const got: Message[] = [];
    let told = (): void => {};

    async function connect(uri: string): Promise<Connection> {
      const { AmqpConnection } = jest.requireActual<{
        AmqpConnection: new (config: object) => Connection;
      }>(golevelup);
      const shortLived = { durable: false, autoDelete: true };
      const connection = new AmqpConnection({
        uri,
        exchanges: [{ name: 'effects', type: 'topic', options: shortLived }],
        queues: [
          { name: queue, exchange: 'effects', routingKey: 'sendReceipt', options: shortLived },
        ],
        connectionManagerOptions: { reconnectTimeInSeconds: 0.05 },
        logger: { log: () => {}, error: () => {}, warn: () => {} },
      });
      await connection.init();
      return connection;
    }

    /** Resolves when so many messages have arrived. */
    const arrivalOf = (count: number): Promise<void> =>
      new Promise((resolve) => (told = () => got.length === count && resolve()));

    beforeAll(async () => {
      await line.mend();
      consumer = await connect(rabbitmq.url);
      producer = await connect(line.url);
      const take = (message: Message): void => {
        got.push(message);
        told();
      };
      await consumer.channel.consume(queue, take, { noAck: true });
      const { RabbitMqExecutor } = recipe<{
        RabbitMqExecutor: new (connection: Connection) => Executor;
      }>('rabbitmq');
      executor = new RabbitMqExecutor(producer);
    });
    beforeEach(() => got.splice(0));
    afterAll(async () => {
      await Promise.all([producer.close(), consumer.close()]);
      await line.cut();
    });

    it('has the confirmation of the broker for each of them', async () => {
      const all = arrivalOf(2);
      await send(executor, 'tea', 'milk');
      await all;
      expect(got.map(({ content }) => JSON.parse(content.toString()))).toEqual([
        bodyWith('tea'),
        bodyWith('milk'),
      ]);
      expect(got[0]!.fields.routingKey).toBe('sendReceipt');
      expect(got[0]!.properties.messageId).toBe(JSON.parse(got[0]!.content.toString()).id);
    });

    it('tells of each after ten seconds without a broker, and sends none of them later', async () => {
      const gone = new Promise<void>((heard) =>
        producer.managedConnection.once('disconnect', heard),
      );
      await line.cut();
      await gone;
      const wait = setTimeout;
      const tenSecondsPass = ((run: () => void, ms: number) =>
        wait(run, ms === 10_000 ? 0 : ms)) as typeof setTimeout;
      const timers = jest.spyOn(globalThis, 'setTimeout').mockImplementation(tenSecondsPass);
      const failures = await failuresOf(send(executor, 'tea', 'milk'));
      timers.mockRestore();
      expect(failures).toEqual(['tea: Error: timeout', 'milk: Error: timeout']);

      await line.mend();
      const next = arrivalOf(1);
      await send(executor, 'bread');
      await next;
      expect(got.map(({ content }) => JSON.parse(content.toString()))).toEqual([bodyWith('bread')]);
    });
  });
});

function bodyWith(item: string): object {
  return { id: expect.any(String), name: 'sendReceipt', args: [item] };
}
