import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { get, type IncomingMessage, type Server } from 'node:http';
import { Inspector } from '../../../lib/integrations/inspector/inspector.js';
import type { ChangesView, StateView } from '../../../lib/integrations/inspector/view/inspector.view.js';
import { checkAfterEach, platforms, serve } from '../../e2e/http/fixtures.js';
import { shop } from './shop.js';

checkAfterEach();

interface Told {
  readonly name: string;
  readonly data: StateView | ChangesView;
}

/** Reads the events of an inspector, one at a time. */
async function listen(url: string) {
  // `fetch` opens another connection in place of one that is broken off, and a server waits for it when it is closed.
  const asking = get(`${url}/airlock/events`, { agent: false });
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  const chunks = response.setEncoding('utf8').iterator({ destroyOnReturn: false }) as AsyncIterator<string>;
  let text = '';
  return {
    headers: response.headers,
    async next(): Promise<Told | undefined> {
      for (;;) {
        const [, name, data, rest] = /^event: (\w+)\ndata: (.*)\n\n([^]*)$/.exec(text) ?? [];
        if (name !== undefined) {
          text = rest!;
          return { name, data: JSON.parse(data!) as StateView };
        }
        const { done, value } = await chunks.next();
        if (done === true) return undefined;
        text += value;
      }
    },
    leave: () => void response.destroy(),
  };
}

describe.each(platforms)('the events of an inspector on %s', (_, platform) => {
  describe('when somebody listens', () => {
    it('tells first all there is, and then what changes', async () => {
      const { url, request } = await serve(platform, shop());
      await request('/orders', { method: 'POST' });
      const events = await listen(url);
      expect(events.headers['content-type']).toContain('text/event-stream');
      expect(events.headers['cache-control']).toContain('no-transform');
      const first = await events.next();
      expect(first).toMatchObject({ name: 'state', data: { units: [{ entryPoint: 'OrdersController.place' }] } });
      await request('/orders/unpaid', { method: 'POST' });
      let told = await events.next();
      while (told!.data.units[0]?.entryPoint !== 'OrdersController.unpaid') told = await events.next();
      expect(told).toMatchObject({ name: 'changes', data: { totals: { dropped: { outcome: 2 } } } });
      events.leave();
    });
  });

  describe('when a reader leaves', () => {
    it('is forgotten', async () => {
      const { url, app } = await serve(platform, shop());
      const { streams } = app.get(Inspector, { strict: false });
      const [one, other] = [await listen(url), await listen(url)];
      expect(streams.count).toBe(2);
      one.leave();
      await until(() => streams.count === 1);
      other.leave();
      await until(() => streams.count === 0);
    });
  });

  describe('when a reader takes nothing', () => {
    it('has nothing kept for it, and is told all there is once it takes something again', async () => {
      const { url, app, request } = await serve(platform, shop({ capacity: 50 }));
      const kept = longestQueue(app.getHttpServer() as Server);
      for (let i = 0; i < 20; i++) await request('/orders/many/100', { method: 'POST' });
      const inspector = app.get(Inspector, { strict: false });
      const slow = connect(Number(new URL(url).port), '127.0.0.1');
      await once(slow, 'connect');
      slow.pause();
      slow.write('GET /airlock/events HTTP/1.1\r\nhost: localhost\r\n\r\n');
      await until(() => inspector.streams.count === 1);
      const { state } = inspector;
      for (let i = 0; i < 100; i++) {
        inspector.streams.tell(state);
        await new Promise((resolve) => setImmediate(resolve));
      }
      // What was being sent when it stopped, on top of what the network holds.
      expect(kept()).toBeLessThan(3 * JSON.stringify(state).length);

      let states = 0;
      slow.setEncoding('utf8').on('data', (text: string) => (states += text.split('event: state').length - 1));
      slow.resume();
      await until(() => states === 2);
      slow.destroy();
    });
  });

  describe('when the application is closed', () => {
    it('ends the stream at once, and sends away who comes again', async () => {
      const { url, app } = await serve(platform, shop());
      const events = await listen(url);
      await events.next();
      const since = performance.now();
      const closing = app.close();
      while ((await events.next()) !== undefined);
      await closing;
      expect(performance.now() - since).toBeLessThan(5_000);
    });
  });
});

/** The most bytes that a response to anybody has kept for a reader, so far. */
function longestQueue(server: Server): () => number {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  let longest = 0;
  setInterval(() => {
    for (const { writableLength } of sockets) longest = Math.max(longest, writableLength);
  }, 1).unref();
  return () => longest;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
