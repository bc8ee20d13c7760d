import { randomUUID } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import {
  type DynamicModule,
  type INestApplication,
  type INestMicroservice,
  Injectable,
  type Provider,
} from '@nestjs/common';
import {
  type ClientProvider,
  ClientsModule,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { Test, type TestingModule } from '@nestjs/testing';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { AirlockModule, type AirlockModuleOptions, SideEffect } from 'nestjs-airlock';
import {
  type AirlockMicroservicesExtras,
  AirlockMicroservicesModule,
  type AirlockMicroservicesOptions,
  ClientProxyExecutor,
} from 'nestjs-airlock/microservices';
import { nats, rabbitmq, redis, type TestServer } from '../../servers.js';
import { Lines } from '../remote.js';

export { until, within } from '../remote.js';

/** Effects of the application under test; each instance notes what it did. */
@Injectable()
export class Mail {
  readonly sent: unknown[] = [];

  @SideEffect()
  async send(...args: unknown[]): Promise<void> {
    this.sent.push(args.length === 1 ? args[0] : args);
  }

  @SideEffect({ dispatchOptions: { priority: 5 } })
  async sendUrgently(text: string): Promise<void> {
    this.sent.push(text);
  }
}

/** How many messages RabbitMQ hands out at a time. */
export const PREFETCH = 10;

/** One transport, as both sides are set up for it. */
export interface Carrier {
  readonly server: TestServer;
  /** With a queue or subject of their own. */
  options(subject: string, url: string | undefined, side: 'client' | 'server'): MicroserviceOptions;
}

export const carriers: Readonly<Record<'redis' | 'nats' | 'rabbitmq', Carrier>> = {
  redis: {
    server: redis,
    options: (_, url = redis.url) => {
      const { hostname, port } = new URL(url);
      const options = {
        host: hostname,
        port: Number(port || 6379),
        retryAttempts: 1_000,
        retryDelay: 50,
      };
      return { transport: Transport.REDIS, options };
    },
  },
  nats: {
    server: nats,
    options: (subject, url = nats.url) => ({
      transport: Transport.NATS,
      options: { servers: [url.replace('nats://', '')], queue: subject, reconnectTimeWait: 50 },
    }),
  },
  rabbitmq: {
    server: rabbitmq,
    options: (subject, url = rabbitmq.url, side) => ({
      transport: Transport.RMQ,
      options: {
        urls: [url],
        queue: subject,
        noAck: side === 'client',
        prefetchCount: PREFETCH,
        queueOptions: {
          durable: false,
          deadLetterExchange: '',
          deadLetterRoutingKey: `${subject}.dead`,
        },
        socketOptions: { reconnectTimeInSeconds: 1 },
      },
    }),
  },
};

interface Application {
  readonly airlock?: AirlockModuleOptions;
  readonly micro?: AirlockMicroservicesOptions & AirlockMicroservicesExtras;
  readonly providers?: Provider[];
  readonly imports?: DynamicModule[];
  readonly url?: string;
}

/** Applications of one suite on one transport; everything is closed after each test. */
export class Bench {
  readonly lines = new Lines();
  /** A pattern, and where there are some a queue, of its own for each test. */
  subject = '';
  private readonly closing: (() => Promise<unknown>)[] = [];

  constructor(private readonly carrier: Carrier) {
    beforeEach(() => {
      this.subject = `test-${randomUUID().slice(0, 8)}`;
    });
    afterEach(async () => {
      await Promise.all(this.closing.splice(0).map((close) => close()));
      this.lines.all.length = 0;
    });
  }

  /** Sends effects. */
  async producer({
    airlock,
    micro,
    providers = [],
    imports = [],
    url,
  }: Application = {}): Promise<TestingModule> {
    const client = {
      name: 'BROKER',
      ...this.carrier.options(this.subject, url, 'client'),
    } as ClientProvider & {
      name: string;
    };
    const builder = Test.createTestingModule({
      imports: [
        AirlockModule.forRoot({ executor: ClientProxyExecutor, ...airlock }),
        AirlockMicroservicesModule.forRoot({ client: 'BROKER', pattern: this.subject, ...micro }),
        ClientsModule.register([client]),
        ...imports,
      ],
      providers: [Mail, ...providers],
    });
    const application = await builder.setLogger(this.lines as never).compile();
    await application.init();
    this.closing.push(() => application.close());
    return application;
  }

  /** Runs effects. */
  async consumer(application: Application = {}): Promise<INestMicroservice> {
    const module = await this.consumerModule(application);
    const microservice = module.createNestMicroservice<MicroserviceOptions>({
      ...this.carrier.options(this.subject, application.url, 'server'),
      logger: this.lines as never,
    });
    await microservice.listen();
    // A test may have closed it already, which some transports take amiss.
    this.closing.push(() => microservice.close().catch(() => {}));
    return microservice;
  }

  /** Runs effects in an application that could serve HTTP as well. */
  async hybrid(application: Application = {}): Promise<INestApplication> {
    const module = await this.consumerModule(application);
    const app = module.createNestApplication();
    app.connectMicroservice<MicroserviceOptions>(
      this.carrier.options(this.subject, application.url, 'server'),
    );
    await app.startAllMicroservices();
    await app.init();
    this.closing.push(() => app.close().catch(() => {}));
    return app;
  }

  private consumerModule({
    airlock,
    micro,
    providers = [],
    imports = [],
  }: Application): Promise<TestingModule> {
    const acknowledge = this.carrier === carriers.rabbitmq;
    const consumer = { acknowledge, retryDelayMs: 20 };
    return Test.createTestingModule({
      imports: [
        AirlockModule.forRoot({ ...airlock }),
        AirlockMicroservicesModule.forRoot({ pattern: this.subject, consumer, ...micro }),
        ...imports,
      ],
      providers: [Mail, ...providers],
    })
      .setLogger(this.lines as never)
      .compile();
  }
}

/** RabbitMQ seen from outside, with the queue of dead letters of one test. */
export class Rabbit {
  private connection: ChannelModel | undefined;
  private channel: Channel | undefined;

  async open(subject: string): Promise<Channel> {
    this.connection = await connect(rabbitmq.url);
    this.channel = await this.connection.createChannel();
    await this.channel.assertQueue(`${subject}.dead`, { durable: false });
    return this.channel;
  }

  async close(subject: string): Promise<void> {
    await this.channel?.deleteQueue(subject);
    await this.channel?.deleteQueue(`${subject}.dead`);
    await this.connection?.close();
  }
}

/** A port that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Listens at a port, and answers nothing. @returns closes it */
export async function silentAt(port: number): Promise<() => void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
}
