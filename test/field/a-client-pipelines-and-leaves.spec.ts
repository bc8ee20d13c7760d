import {
  type CanActivate,
  Controller,
  Get,
  Injectable,
  Post,
  Sse,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AirlockModule } from 'nestjs-airlock';
import { recorderOf } from 'nestjs-airlock/testing';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { interval, map } from 'rxjs';
import {
  checkAfterEach,
  delay,
  Effects,
  gate,
  listen,
  moduleOf,
  platforms,
  recorded,
  type Running,
  until,
} from '../e2e/http/fixtures.js';

@Injectable()
class Gate {
  arrived = 0;
  readonly leave = gate();
}

@Injectable()
class DenyingGuard implements CanActivate {
  constructor(
    private readonly effects: Effects,
    private readonly gate: Gate,
  ) {}
  async canActivate(): Promise<boolean> {
    this.effects.all();
    this.gate.arrived++;
    await this.gate.leave.passed;
    return false;
  }
}

@Controller()
class LeaveController {
  constructor(
    private readonly effects: Effects,
    private readonly gate: Gate,
  ) {}
  @Get('slow')
  async slow() {
    this.effects.all();
    this.gate.arrived++;
    await this.gate.leave.passed;
    return 'nobody hears this';
  }
  @Get('denied')
  @UseGuards(DenyingGuard)
  denied() {}
  @Get('quick')
  quick() {
    this.effects.all();
    this.gate.arrived++;
    return 'x'.repeat(50_000);
  }
  @Post('quick')
  post() {
    return this.quick();
  }
  @Sse('events')
  events() {
    this.effects.all();
    this.gate.arrived++;
    return interval(5).pipe(map((n) => ({ data: n })));
  }
}

const parts = { controllers: [LeaveController], providers: [Gate] };

function open(server: Running): Promise<Socket> {
  const { port } = server.app.getHttpServer().address() as AddressInfo;
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1', () => resolve(socket)).on('error', () => {});
  });
}

const head = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nhost: shop\r\n${more}\r\n`;

/**
 * How many effects were called, how many of them got out, failed or were dropped, and how often
 * that was told.
 */
function accountOf({ app }: { readonly app: Running['app'] }): Account {
  const { effects, dispatched, dropped, failed } = recorderOf(app);
  const told = [
    ...dispatched,
    ...dropped.map(({ intent }) => intent),
    ...failed.map(({ intent }) => intent),
  ];
  return {
    called: effects.length,
    ended: new Set(told.map(({ id }) => id)).size,
    told: told.length,
  };
}

interface Account {
  readonly called: number;
  readonly ended: number;
  readonly told: number;
}

const eachOnce = (count: number): Account => ({ called: count, ended: count, told: count });

const endings: Readonly<Record<string, (socket: Socket) => void>> = {
  leaves: (socket) => void socket.destroy(),
  'resets the connection': (socket) => void socket.resetAndDestroy(),
  'closes its half': (socket) => void socket.end(),
};

describe.each(platforms)('on %s', (_name, platform) => {
  checkAfterEach();

  describe.each(['beforeResponse', 'afterResponse'] as const)(
    'when a client pipelines twenty requests under %s',
    (dispatch) => {
      describe.each(Object.entries(endings))('and %s', (_how, leave) => {
        it.each(['/slow', '/denied'])('ends the scope of each request to %s', async (path) => {
          const server = await listen(platform, parts, { dispatch });
          const socket = await open(server);
          const gateway = server.app.get(Gate);
          socket.write(head(path).repeat(20));
          await until(() => gateway.arrived === 20);
          leave(socket);
          await delay(10);
          gateway.leave.open();
          await server.fate();
          socket.destroy();
          expect(accountOf(server)).toEqual(eachOnce(60));
        });
      });

      it('ends the scopes of those that were answered while it left', async () => {
        const server = await listen(platform, parts, { dispatch });
        const socket = await open(server);
        const gateway = server.app.get(Gate);
        // Nobody reads, so that answers stand in the queue.
        socket.pause();
        socket.write(head('/quick').repeat(20));
        await until(() => gateway.arrived > 0);
        socket.destroy();
        await delay(20);
        await server.fate();
        expect(accountOf(server)).toEqual(eachOnce(gateway.arrived * 3));
      });
    },
  );

  describe('when a request asks for more than HTTP/1.1', () => {
    it.each([
      [
        'an upgrade that nobody offers',
        head('/quick', 'connection: upgrade\r\nupgrade: nothing\r\n'),
      ],
      [
        'to continue',
        'POST /quick HTTP/1.1\r\nhost: shop\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
      ],
    ])('ends its scope: %s', async (_what, text) => {
      const server = await listen(platform, parts, { dispatch: 'afterResponse' });
      const socket = await open(server);
      socket.resume();
      socket.write(text);
      await until(() => server.app.get(Gate).arrived === 1);
      await delay(10);
      socket.destroy();
      await server.fate();
      expect(accountOf(server)).toEqual(eachOnce(3));
    });
  });

  describe('when a connection is kept alive', () => {
    it('keeps no listener of ended requests on it', async () => {
      const server = await listen(platform, parts, { dispatch: 'afterResponse' });
      const sockets: Socket[] = [];
      server.app.getHttpServer().on('connection', (socket: Socket) => sockets.push(socket));
      for (let i = 0; i < 15; i++) await server.request('/quick');
      await server.fate();
      for (const socket of sockets) expect(socket.listenerCount('close')).toBeLessThan(8);
      expect(accountOf(server)).toEqual(eachOnce(45));
    });
  });

  describe('when a stream of events is open and nothing is buffered', () => {
    it('does not hold up a shutdown', async () => {
      const server = await listen(platform, { ...parts, controllers: [QuietController] });
      const response = await fetch(`${server.url}/quiet`);
      const reader = response.body!.getReader();
      await reader.read();
      const closing = server.app.close();
      await delay(50);
      await reader.cancel();
      const startedAt = performance.now();
      await closing;
      // What would hold it up waits for ten seconds.
      expect(performance.now() - startedAt).toBeLessThan(9_000);
      expect(server.log.airlock('error')).toEqual([]);
    });
  });
});

@Controller()
class QuietController {
  @Sse('quiet')
  quiet() {
    return interval(5).pipe(map((n) => ({ data: n })));
  }
}

describe('on Fastify over HTTP/2', () => {
  checkAfterEach();

  describe('when a client cancels its streams', () => {
    it.each(['/slow', '/denied', '/events'])(
      'ends the scope of each request to %s',
      async (path) => {
        const module = moduleOf({
          ...parts,
          imports: [AirlockModule.forRoot({ dispatch: 'afterResponse' })],
        });
        const app = recorded(
          await NestFactory.create<NestFastifyApplication>(
            module,
            new FastifyAdapter({ http2: true } as never),
            {
              logger: false,
            },
          ),
        );
        await app.listen(0, '127.0.0.1');
        const { port } = app.getHttpServer().address() as AddressInfo;
        const client = connectHttp2(`http://127.0.0.1:${port}`).on('error', () => {});
        const gateway = app.get(Gate);
        const streams = Array.from({ length: 20 }, () =>
          client.request({ ':path': path }).on('error', () => {}),
        );
        await until(() => gateway.arrived === 20);
        for (const stream of streams) stream.close(8);
        await delay(10);
        gateway.leave.open();
        await delay(20);
        client.destroy();
        await app.close();
        expect(accountOf({ app })).toEqual(eachOnce(60));
      },
    );
  });
});
