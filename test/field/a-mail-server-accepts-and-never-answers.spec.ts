import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Controller, Injectable, type INestApplication, Post } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AirlockModule,
  type AirlockModuleOptions,
  AirlockService,
  currentEffect,
  EffectBuffer,
  EffectTimeoutError,
  InProcessExecutor,
  SideEffect,
} from 'nestjs-airlock';

const told: string[] = [];
let smtp: Server;
const sockets = new Set<Socket>();

@Injectable()
class MailService {
  @SideEffect()
  async send(): Promise<void> {
    const { signal } = currentEffect()!;
    const socket = connect((smtp.address() as AddressInfo).port);
    await new Promise<void>((resolve, reject) => {
      socket.on('data', () => resolve());
      socket.on('error', reject);
      signal.addEventListener('abort', () => {
        told.push(`aborted: ${(signal.reason as Error).name}`);
        socket.destroy(signal.reason as Error);
      });
    });
  }

  @SideEffect({ timeoutMs: 20 })
  async quickly(): Promise<void> {
    await new Promise(() => {});
  }
}

let [running, most] = [0, 0];

@Controller()
class OrderController {
  constructor(
    private readonly mail: MailService,
    private readonly effects: EffectBuffer,
  ) {}

  @Post('orders')
  async place(): Promise<string> {
    await this.mail.send();
    this.effects.enqueue(() => void told.push('warehouse'));
    return 'placed';
  }

  @Post('twenty')
  twenty(): string {
    for (let i = 0; i < 20; i++) {
      this.effects.enqueue(async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 20));
        running--;
      });
    }
    return 'done';
  }
}

const logged = { error: [] as string[], warn: [] as string[] };
const logger = {
  log: () => {},
  error: (message: string) => void logged.error.push(message),
  warn: (message: string) => void logged.warn.push(message),
};

let app: INestApplication | undefined;

async function start(
  options: AirlockModuleOptions = {},
): Promise<(path: string) => Promise<Response>> {
  const module = await Test.createTestingModule({
    imports: [AirlockModule.forRoot(options)],
    controllers: [OrderController],
    providers: [MailService],
  })
    .setLogger(logger)
    .compile();
  app = module.createNestApplication();
  await app.listen(0);
  const url = await app.getUrl();
  return (path) => fetch(`${url.replace('[::1]', 'localhost')}/${path}`, { method: 'POST' });
}

beforeAll(async () => {
  smtp = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => smtp.listen(0, resolve));
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  told.length = 0;
  logged.error.length = 0;
  logged.warn.length = 0;
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => smtp.close(resolve));
});

describe('when a mail server accepts a connection and says nothing more', () => {
  it('answers the request, runs what comes after, stops the mail and says so in the log', async () => {
    const post = await start({ effectTimeoutMs: 50 });
    const response = await post('orders');
    expect([response.status, await response.text()]).toEqual([201, 'placed']);
    expect(told).toEqual(['aborted: EffectTimeoutError', 'warehouse']);
    expect(logged.error).toEqual([
      expect.stringContaining('MailService.send (EffectTimeoutError: '),
    ]);
    expect(logged.warn).toEqual([
      expect.stringMatching(
        /^Effect "MailService.send".* ended after its time limit of 50 ms, when its signal aborted it\.$/,
      ),
    ]);
  });

  it('is told who waits for whom once a second has passed, outside production', async () => {
    const post = await start({ effectTimeoutMs: 1_100 });
    await post('orders');
    expect(logged.warn[0]).toMatch(/^Scope ".+" has been letting out effects for 1000 ms/);
    expect(logged.warn[0]).toContain('"MailService.send" has been running for');
  });

  it('is told nothing in production', async () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      const post = await start({ effectTimeoutMs: 1_100 });
      await post('orders');
      expect(logged.warn.filter((text) => text.startsWith('Scope'))).toEqual([]);
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });

  it('hands the error to whoever wants it, with the limit of the method', async () => {
    await start();
    const { airlock, mail } = { airlock: app!.get(AirlockService), mail: app!.get(MailService) };
    const failure = await airlock.run(() => mail.quickly()).catch((error: unknown) => error);
    expect((failure as AggregateError).errors).toEqual([expect.any(EffectTimeoutError)]);
    expect((failure as AggregateError).errors[0]).toMatchObject({
      effect: 'MailService.quickly',
      timeoutMs: 20,
    });
  });
});

describe('when a request calls twenty slow effects', () => {
  it.each([
    [1, new InProcessExecutor()],
    [20, new InProcessExecutor({ concurrency: 20 })],
  ])('runs %d at a time, as the executor says', async (concurrency, executor) => {
    [running, most] = [0, 0];
    const post = await start({ executor });
    await post('twenty');
    expect([running, most]).toEqual([0, concurrency]);
  });
});

describe('when a test has installed fake timers', () => {
  it('has no limit come true with their time, and ends all the same', async () => {
    await start({ effectTimeoutMs: 30_000 });
    jest.useFakeTimers();
    try {
      let end: () => void = () => {};
      const ended = app!.get(AirlockService).run(() =>
        app!.get(EffectBuffer).enqueue(async () => {
          await new Promise<void>((resolve) => (end = resolve));
          told.push('done');
        }),
      );
      for (let i = 0; i < 20; i++) await Promise.resolve();
      await jest.advanceTimersByTimeAsync(60_000);
      end();
      await ended;
      expect(told).toEqual(['done']);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('when a time is longer than a timer can wait', () => {
  it.each([
    ['effectTimeoutMs', { effectTimeoutMs: 2 ** 31 }],
    ['effectTimeoutMs', { effectTimeoutMs: 0 }],
    ['shutdownTimeoutMs', { shutdownTimeoutMs: 2 ** 31 }],
  ])('is refused at boot, by name: %s', async (key, options) => {
    await expect(start(options)).rejects.toMatchObject({
      code: 'AIRLOCK_OPTIONS',
      key,
      message: expect.stringContaining('2147483647'),
    });
  });

  it('is refused where a method is decorated', () => {
    expect(() => {
      class Decorated {
        @SideEffect({ timeoutMs: 2 ** 31 })
        async send(): Promise<void> {}
      }
      return Decorated;
    }).toThrow(/`timeoutMs`/);
  });
});
