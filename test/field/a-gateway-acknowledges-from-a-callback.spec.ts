import { ExpressAdapter } from '@nestjs/platform-express';
import { IoAdapter } from '@nestjs/platform-socket.io';
import {
  Ack,
  type OnGatewayDisconnect,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { AirlockModule } from 'nestjs-airlock';
import { io, type Socket } from 'socket.io-client';
import {
  CANCELLED,
  checkAfterEach,
  COMPLETED,
  delay,
  Effects,
  FAILED,
  gate,
  moduleOf,
  serve,
} from '../e2e/http/fixtures.js';

type Acknowledge = ((answer: string) => void) | undefined;

let begun = gate();
let work = gate();
let left = gate();

/** An order that is placed behind the back of the handler, as in `orders.place().then(ack)`. */
@WebSocketGateway()
class OrdersGateway implements OnGatewayDisconnect {
  constructor(private readonly effects: Effects) {}

  handleDisconnect(): void {
    left.open();
  }

  @SubscribeMessage('decorated')
  decorated(@Ack() ack: Acknowledge): void {
    void this.placeOrder().then(() => ack?.('placed'));
  }

  @SubscribeMessage('third argument')
  third(_client: unknown, _data: unknown, ack: Acknowledge): void {
    void this.placeOrder().then(() => ack?.('placed'));
  }

  @SubscribeMessage('at once')
  atOnce(@Ack() ack: Acknowledge): void {
    this.effects.all();
    ack?.('placed');
  }

  @SubscribeMessage('answered by Nest')
  answered(_client: unknown, _data: unknown, _ack: Acknowledge): string {
    this.effects.all();
    return 'placed';
  }

  @SubscribeMessage('broken')
  broken(@Ack() _ack: Acknowledge): void {
    this.effects.all();
    throw new Error('sold out');
  }

  @SubscribeMessage('slow')
  slow(@Ack() ack: Acknowledge): void {
    this.effects.all();
    begun.open();
    void work.passed.then(() => ack?.('placed'));
  }

  private async placeOrder(): Promise<void> {
    await delay(5);
    this.effects.all();
  }
}

async function start() {
  const module = moduleOf({ imports: [AirlockModule.forRoot()], providers: [OrdersGateway] });
  const server = await serve(
    () => new ExpressAdapter(),
    module,
    (app) => app.useWebSocketAdapter(new IoAdapter(app)),
  );
  const client: Socket = io(server.url, { transports: ['websocket'], reconnection: false });
  clients.push(client);
  await new Promise((resolve) => client.once('connect', () => resolve(undefined)));
  return { ...server, client };
}

const clients: Socket[] = [];

beforeEach(() => {
  [begun, work, left] = [gate(), gate(), gate()];
});
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});
checkAfterEach();

describe('when a handler acknowledges its message itself', () => {
  it.each(['decorated', 'third argument', 'at once', 'answered by Nest'])(
    'ends with that, and nothing before it is late: %s',
    async (event) => {
      const server = await start();
      expect(await server.client.emitWithAck(event, 1)).toBe('placed');
      expect(await server.fate()).toEqual(COMPLETED);
      expect(server.log.airlock('error')).toEqual([]);
    },
  );

  it('has failed where it throws', async () => {
    const server = await start();
    const told = new Promise((resolve) => server.client.once('exception', resolve));
    server.client.emit('broken', 1, () => {});
    await told;
    expect(await server.fate()).toEqual(FAILED);
  });

  it('ends as it returns where the client waits for no acknowledgement', async () => {
    const server = await start();
    server.client.emit('slow', 1);
    await begun.passed;
    expect(await server.fate()).toEqual(COMPLETED);
  });

  it('is cancelled by a client that leaves before that', async () => {
    const server = await start();
    server.client.emit('slow', 1, () => {});
    await begun.passed;
    server.client.disconnect();
    await left.passed;
    expect(await server.fate()).toEqual(CANCELLED);
  });

  it('has a shutdown wait for it', async () => {
    const server = await start();
    server.client.emit('slow', 1, () => {});
    await begun.passed;
    const closing = server.app.close();
    work.open();
    await closing;
    expect(await server.fate()).toEqual(COMPLETED);
  });
});
