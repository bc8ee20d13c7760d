import {
  type CanActivate,
  Injectable,
  type PipeTransform,
  UseGuards,
  UsePipes,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import {
  type OnGatewayDisconnect,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
} from '@nestjs/websockets';
import { Airlock, AirlockModule, type AirlockModuleOptions, SkipAirlock } from 'nestjs-airlock';
import { recorderOf, waitForEffect } from 'nestjs-airlock/testing';
import {
  CANCELLED,
  checkAfterEach,
  COMPLETED,
  Effects,
  FAILED,
  gate,
  moduleOf,
  serve,
  until,
} from '../../e2e/http/fixtures.js';
import { adapters, type Connection } from './sockets.js';

const codeOf = (call: () => void): string => {
  try {
    call();
    return 'no error';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

/** What calls made outside handlers, or too late, came to. */
const codes: string[] = [];
let atWork = gate();
let leaving = gate();

@Injectable()
class Denying implements CanActivate {
  constructor(private readonly effects: Effects) {}
  canActivate(): boolean {
    codes.push(codeOf(() => this.effects.one('in a guard')));
    return false;
  }
}

@Injectable()
class Refusing implements PipeTransform {
  constructor(private readonly effects: Effects) {}
  transform(): never {
    this.effects.one('in a pipe');
    throw new WsException('not understood');
  }
}

@WebSocketGateway()
class Gateway implements OnGatewayDisconnect {
  constructor(private readonly effects: Effects) {}

  handleDisconnect(): void {
    this.effects.one('goodbye');
  }

  @SubscribeMessage('refuse')
  refuse(): void {
    this.effects.all();
    throw new WsException('sold out');
  }

  @SubscribeMessage('denied')
  @UseGuards(Denying)
  denied(): void {}

  @SubscribeMessage('misunderstood')
  @UsePipes(Refusing)
  misunderstood(_body: unknown): void {}

  @SubscribeMessage('broken')
  broken(): object {
    this.effects.buffer.enqueue(function broken() {
      throw new Error('line is dead');
    });
    return { event: 'answer', data: 'fine' };
  }

  @SubscribeMessage('slow')
  async slow(): Promise<string> {
    this.effects.all();
    atWork.open();
    await leaving.passed;
    codes.push(codeOf(() => this.effects.one('late')));
    return 'nobody hears it';
  }

  @SubscribeMessage('thorough')
  @SkipAirlock()
  @Airlock()
  async thorough(): Promise<string> {
    this.effects.all();
    atWork.open();
    await leaving.passed;
    this.effects.one('late');
    return 'nobody hears it';
  }
}

async function start(sockets: (typeof adapters)[number][1], options?: AirlockModuleOptions) {
  const module = moduleOf({ imports: [AirlockModule.forRoot(options)], providers: [Gateway] });
  const server = await serve(
    () => new ExpressAdapter(),
    module,
    (app) => app.useWebSocketAdapter(sockets.adapter(app)),
  );
  const connect = () => sockets.connect(server.url.replace(/^http/, 'ws'));
  return { ...server, connect };
}

/** The next event of a kind. */
async function next(connection: Connection, event: string): Promise<unknown> {
  return new Promise((resolve) => {
    const stop = connection.on(event, (data: unknown) => {
      stop();
      resolve(data);
    });
  });
}

checkAfterEach();
beforeEach(() => {
  codes.length = 0;
  [atWork, leaving] = [gate(), gate()];
});

const [[, socketIo]] = adapters as [(typeof adapters)[number]];

describe('when a message is answered with an exception', () => {
  it('tells the client of a WsException as always, and drops the effects', async () => {
    const server = await start(socketIo);
    const client = await server.connect();
    client.send('refuse', 1);
    expect(await next(client, 'exception')).toMatchObject({ status: 'error', message: 'sold out' });
    client.close();
    await waitForEffect(server.app, 'goodbye');
    const { out, dropped } = await server.fate();
    expect({ out: out.filter((text) => text !== 'goodbye'), dropped }).toEqual(FAILED);
  });

  it('opens no scope where a guard denies it, nor for the guard', async () => {
    const server = await start(socketIo);
    const client = await server.connect();
    client.send('denied', 1);
    expect(await next(client, 'exception')).toMatchObject({ message: 'Forbidden resource' });
    client.close();
    expect(codes).toEqual(['AIRLOCK_NO_SCOPE']);
    expect(recorderOf(server.app).effects).toEqual([]);
  });

  it('takes a pipe for part of the work', async () => {
    const scopes: unknown[] = [];
    const server = await start(socketIo, {
      boundaries: {
        ws: { shouldFlush: (outcome, { name }) => (scopes.push([name, outcome]), false) },
      },
    });
    const client = await server.connect();
    client.send('misunderstood', 1);
    expect(await next(client, 'exception')).toMatchObject({ message: 'not understood' });
    client.close();
    expect(scopes).toEqual([['Gateway.misunderstood', 'failed']]);
  });

  it("adds that exception to the answer where an effect fails under onDispatchError: 'throw'", async () => {
    const server = await start(socketIo, { onDispatchError: 'throw' });
    const client = await server.connect();
    const [answer, exception] = [next(client, 'answer'), next(client, 'exception')];
    client.send('broken', 1);
    expect(await answer).toBe('fine');
    expect(await exception).toMatchObject({ status: 'error', message: 'Internal server error' });
    client.close();
  });
});

describe.each(adapters)('over %s', (_name, sockets) => {
  describe('when the client leaves while an asynchronous handler is at work', () => {
    it('drops the effects so far, and what the handler calls after that', async () => {
      const server = await start(sockets);
      const client = await server.connect();
      client.send('slow', 1);
      await atWork.passed;
      client.close();
      await waitForEffect(server.app, 'always');
      leaving.open();
      await until(() => codes.length === 1);
      expect(codes).toEqual(['no error']);
      await waitForEffect(server.app, 'goodbye');
      const { out, dropped } = await server.fate();
      expect({ out: out.filter((text) => text !== 'goodbye'), dropped }).toEqual({
        out: CANCELLED.out,
        dropped: [...CANCELLED.dropped, 'late'],
      });
    });
  });

  describe('when the client leaves a handler that has @SkipAirlock() and @Airlock()', () => {
    it('lets the effects out once the handler has completed', async () => {
      const server = await start(sockets);
      const client = await server.connect();
      client.send('thorough', 1);
      await atWork.passed;
      client.close();
      await waitForEffect(server.app, 'goodbye');
      leaving.open();
      const { out, dropped } = await server.fate();
      expect({ out: out.filter((text) => text !== 'goodbye'), dropped }).toEqual({
        out: [...COMPLETED.out, 'late'],
        dropped: COMPLETED.dropped,
      });
    });
  });
});
