import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  Post,
  Req,
  UseGuards,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AirlockModule, DropAll, UseAirlockPolicy } from 'nestjs-airlock';
import { request as requestHttp1, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import {
  checkAfterEach,
  Effects,
  gate,
  moduleOf,
  platforms,
  type Running,
  serve,
  until,
} from '../e2e/http/fixtures.js';

let arrived = gate();
let goOn = gate();

/** Called where nobody could catch what is thrown: the process would end. */
const thrown: unknown[] = [];
const told: string[] = [];

const quietly = (what: string, fn: () => void) => (): void => {
  try {
    fn();
  } catch (error) {
    thrown.push(error);
  }
  told.push(what);
};

@Injectable()
class SlowGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    arrived.open();
    await goOn.passed;
    return false;
  }
}

/** Reads a body as it comes, as those who take uploads do. */
@Injectable()
class UploadGuard implements CanActivate {
  constructor(private readonly effects: Effects) {}
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { raw } = context.switchToHttp().getRequest<Partial<{ raw: IncomingMessage }>>();
    const request = raw ?? context.switchToHttp().getRequest<IncomingMessage>();
    return new Promise((resolve) => {
      request.once(
        'data',
        quietly('data', () => this.effects.one('guard')),
      );
      request.on('end', () => resolve(true));
    });
  }
}

@Controller()
class ShopController {
  constructor(private readonly effects: Effects) {}
  @Get('slow')
  async slow(): Promise<string> {
    this.effects.one('handler');
    arrived.open();
    await goOn.passed;
    return 'nobody hears this';
  }
  @Get('guarded')
  @UseGuards(SlowGuard)
  guarded(): void {}
  @Post('upload')
  async upload(@Req() request: IncomingMessage & { raw?: IncomingMessage }): Promise<string> {
    return this.read(request.raw ?? request);
  }
  @Post('dropped')
  @UseAirlockPolicy(DropAll)
  async dropped(@Req() request: IncomingMessage & { raw?: IncomingMessage }): Promise<string> {
    return this.read(request.raw ?? request);
  }
  @Post('checked')
  @UseGuards(UploadGuard)
  checked(): string {
    return 'checked';
  }

  private read(request: IncomingMessage): Promise<string> {
    let size = 0;
    return new Promise((resolve) => {
      request.on('data', (chunk: Buffer) => (size += chunk.length));
      request.on(
        'end',
        quietly('end', () => {
          this.effects.one(`${size} bytes`);
          resolve('uploaded');
        }),
      );
    });
  }
}

const shop = moduleOf({
  imports: [AirlockModule.forRoot()],
  controllers: [ShopController],
  providers: [SlowGuard, UploadGuard],
});

function listens(app: INestApplication): void {
  const effects = app.get(Effects);
  app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const call = (what: string) => () => {
      effects.one(what);
      effects.one(`${what} anyway`, 'always');
    };
    if (request.method === 'GET') {
      request.on('aborted', quietly('aborted', call('aborted')));
      response.on('close', quietly('close', call('close')));
    }
    next();
  });
}

function acceptsBytes(app: INestApplication): void {
  const { addContentTypeParser } = app.getHttpAdapter().getInstance() as {
    addContentTypeParser?: (type: string, parser: (...args: unknown[]) => void) => void;
  };
  const fastify: unknown = app.getHttpAdapter().getInstance();
  addContentTypeParser?.call(fastify, 'application/octet-stream', (...args) => {
    (args[2] as (error: null) => void)(null);
  });
}

/** A request of a client that may leave. */
interface Asked {
  send(text: string, isLast?: boolean): void;
  leave(): void;
  readonly answer: Promise<number>;
}

function askHttp1(server: Running, method: string, path: string): Asked {
  const request = requestHttp1(server.url + path, {
    method,
    headers: method === 'POST' ? { 'content-type': 'application/octet-stream' } : {},
  }).on('error', () => {});
  const answer = new Promise<number>((resolve) =>
    request.on('response', (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
    }),
  );
  if (method === 'GET') request.end();
  return {
    answer,
    send: (text, isLast) => void (isLast === true ? request.end(text) : request.write(text)),
    leave: () => void request.destroy(),
  };
}

function askHttp2(server: Running, method: string, path: string): Asked {
  const session = connectHttp2(server.url).on('error', () => {});
  const stream = session
    .request({
      ':path': path,
      ':method': method,
      ...(method === 'POST' && { 'content-type': 'application/octet-stream' }),
    })
    .on('error', () => {});
  const answer = new Promise<number>((resolve) =>
    stream.on('response', (headers) => {
      stream.resume().on('end', () => {
        resolve(Number(headers[':status']));
        session.destroy();
      });
    }),
  );
  if (method === 'GET') stream.end();
  return {
    answer,
    send: (text, isLast) => void (isLast === true ? stream.end(text) : stream.write(text)),
    leave: () => session.destroy(),
  };
}

const servers = [
  ...platforms.map(([name, platform]) => [name, platform, askHttp1] as const),
  ['Fastify over HTTP/2', () => new FastifyAdapter({ http2: true } as never), askHttp2] as const,
];

describe.each(servers)('on %s', (_name, platform, ask) => {
  checkAfterEach();
  beforeEach(() => {
    arrived = gate();
    goOn = gate();
    thrown.length = 0;
    told.length = 0;
  });

  const start = (): Promise<Running> =>
    serve(platform, shop, (app) => {
      acceptsBytes(app);
      listens(app);
    });

  describe('when a client leaves while its handler is at work', () => {
    it('takes what those call who listen to that as part of its work', async () => {
      const server = await start();
      const asked = ask(server, 'GET', '/slow');
      await arrived.passed;
      asked.leave();
      await until(() => told.includes('aborted') && told.includes('close'));
      goOn.open();
      const { out, dropped } = await server.fate();
      expect(thrown).toEqual([]);
      expect([...out].sort()).toEqual([
        'aborted',
        'aborted anyway',
        'close',
        'close anyway',
        'handler',
      ]);
      expect(dropped).toEqual([]);
      expect(server.log.airlock('error')).toEqual([]);
    });
  });

  describe('when a client leaves before its request has reached a handler', () => {
    it('takes what those call who listen to that as cancelled', async () => {
      const server = await start();
      const asked = ask(server, 'GET', '/guarded');
      await arrived.passed;
      asked.leave();
      await until(() => told.includes('aborted') && told.includes('close'));
      goOn.open();
      const { out, dropped } = await server.fate();
      expect(thrown).toEqual([]);
      expect([...out].sort()).toEqual(['aborted anyway', 'close anyway']);
      expect([...dropped].sort()).toEqual(['aborted', 'close']);
      expect(server.log.airlock('error')).toEqual([]);
    });
  });

  describe('when the body of a request is read as it comes', () => {
    it.each([
      ['/upload', ['6 bytes'], []],
      ['/dropped', [], ['6 bytes']],
      ['/checked', ['guard'], []],
    ])('takes what is called at its events as part of its work: %s', async (path, out, dropped) => {
      const server = await start();
      const asked = ask(server, 'POST', path);
      asked.send('abc');
      asked.send('def', true);
      expect(await asked.answer).toBe(201);
      expect(thrown).toEqual([]);
      expect(await server.fate()).toEqual({ out, dropped });
      expect(server.log.airlock('error')).toEqual([]);
    });
  });
});

describe.each(platforms)('on %s, when a client that pipelines leaves', (_name, platform) => {
  checkAfterEach();

  it('tells each request in its own scope', async () => {
    thrown.length = 0;
    goOn = gate();
    const heard: string[] = [];
    let arrivals = 0;
    @Controller()
    class WaitController {
      constructor(private readonly effects: Effects) {}
      @Get('first')
      async first(): Promise<void> {
        return this.wait('first');
      }
      @Get('second')
      @UseAirlockPolicy(DropAll)
      async second(): Promise<void> {
        return this.wait('second');
      }
      private async wait(which: string): Promise<void> {
        this.effects.one(which);
        arrivals++;
        await goOn.passed;
      }
    }
    const server = await serve(
      platform,
      moduleOf({ imports: [AirlockModule.forRoot()], controllers: [WaitController] }),
      (app) => {
        const effects = app.get(Effects);
        app.use((request: IncomingMessage, _response: unknown, next: () => void) => {
          const { url } = request;
          request.on(
            'aborted',
            quietly('aborted', () => effects.one(`${url} aborted`)),
          );
          request.on('aborted', () => heard.push(url!));
          next();
        });
      },
    );
    const socket = connect((server.app.getHttpServer().address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => {});
    for (const path of ['first', 'second'])
      socket.write(`GET /${path} HTTP/1.1\r\nhost: shop\r\n\r\n`);
    await until(() => arrivals === 2);
    socket.destroy();
    await until(() => heard.length === 2);
    goOn.open();
    expect(await server.fate()).toEqual({
      out: ['first', '/first aborted'],
      dropped: ['second', '/second aborted'],
    });
    expect(thrown).toEqual([]);
  });
});
