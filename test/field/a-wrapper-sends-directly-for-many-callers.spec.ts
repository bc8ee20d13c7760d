import { Injectable, type LoggerService, Module } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { ClientsModule, type ClientProxy, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { Queue } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { AirlockModule, AirlockService } from 'nestjs-airlock';
import { callElsewhere } from './another-file.js';

const connection = { host: '127.0.0.1', port: 6379 };

@Injectable()
class Jobs {
  constructor(private readonly queue: Queue) {}

  add(name: string): Promise<unknown> {
    return this.queue.add(name, {});
  }
}

describe('when one service wraps a queue for many callers, and escapes are looked for', () => {
  const warnings: string[] = [];
  const logger: LoggerService = {
    log() {},
    error() {},
    warn: (message: string) => void warnings.push(message),
  };
  const queue = new Queue(`field-${randomUUID()}`, { connection });
  let close: () => Promise<void>;
  let airlock: AirlockService;
  let jobs: Jobs;
  let emitter: EventEmitter2;
  let client: ClientProxy;

  beforeAll(async () => {
    @Module({
      imports: [
        AirlockModule.forRoot({
          detectEscapes: 'warn',
          intercept: [{ token: 'a mailer only some have', methods: ['send'], optional: true }],
        }),
        EventEmitterModule.forRoot(),
        ClientsModule.register([
          { name: 'client', transport: Transport.REDIS, options: connection },
        ]),
      ],
      providers: [
        { provide: 'queue', useValue: queue },
        { provide: Jobs, inject: ['queue'], useFactory: (given: Queue) => new Jobs(given) },
      ],
    })
    class AppModule {}
    const app = await Test.createTestingModule({ imports: [AppModule] })
      .setLogger(logger)
      .compile();
    await app.init();
    airlock = app.get(AirlockService);
    jobs = app.get(Jobs);
    emitter = app.get(EventEmitter2);
    client = app.get<ClientProxy>('client');
    close = () => app.close();
  });

  beforeEach(() => {
    warnings.length = 0;
  });

  afterAll(async () => {
    await close();
    await queue.obliterate({ force: true });
    await queue.close();
  });

  it('tells each caller once, by the place in the wrapper and its own', async () => {
    for (const name of ['one', 'two']) {
      await airlock.run(() => jobs.add(name));
      await airlock.run(() => callElsewhere(() => jobs.add(name)));
    }
    expect(warnings).toEqual([
      expect.stringMatching(
        /^Queue.*\.add was called directly .* at .*Jobs\.add \(.*wrapper-sends.*\.ts:\d+:\d+\)/,
      ),
      expect.stringMatching(/ at .*wrapper-sends.*, called from .*another-file\.ts/),
    ]);
  });

  it('notices a client of microservices', async () => {
    await airlock.run(() => {
      client.emit('shipped', {}).subscribe({ error: () => {} });
    });
    expect(warnings).toEqual([expect.stringMatching(/^client\.emit was called directly/)]);
  });

  it('takes an emitter of this process for none: what its listeners call is buffered by itself', async () => {
    await airlock.run(() => emitter.emit('placed', {}));
    expect(warnings).toEqual([]);
  });
});
