import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { get, type IncomingMessage, type Server } from 'node:http';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { AirlockService, enqueueWith } from 'nestjs-airlock';
import { drain } from 'nestjs-airlock/testing';
import { Inspector } from '../../../lib/integrations/inspector/inspector.js';
import type {
  ChangesView,
  StateView,
} from '../../../lib/integrations/inspector/view/inspector.view.js';
import { checkAfterEach, delay, gate, platforms, serve } from '../../e2e/http/fixtures.js';
import { nodeResponse } from '../../../lib/nest/entry-points/http/http.messages.js';
import { until } from '../../until.js';
import { shop } from './shop.js';

checkAfterEach();

interface Told {
  readonly name: string;
  readonly data: StateView | ChangesView;
}

/** Reads the events of an inspector, one at a time. */
async function listen(url: string) {
  // `fetch` opens another connection in place of one that is broken off, and a server waits for it
  // when it is closed.
  const asking = get(`${url}/airlock/events`, { agent: false });
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  const chunks = response
    .setEncoding('utf8')
    .iterator({ destroyOnReturn: false }) as AsyncIterator<string>;
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
      expect(first).toMatchObject({
        name: 'state',
        data: { units: [{ entryPoint: 'OrdersController.place' }] },
      });
      await request('/orders/unpaid', { method: 'POST' });
      let told = await events.next();
      while (told!.data.units[0]?.entryPoint !== 'OrdersController.unpaid')
        told = await events.next();
      expect(told).toMatchObject({
        name: 'changes',
        data: { totals: { dropped: { outcome: 2 } } },
      });
      events.leave();
    });
  });

  describe('when the state is asked for before the news are told', () => {
    it('tells them all the same', async () => {
      const { url, app, request } = await serve(platform, shop());
      const events = await listen(url);
      await events.next();
      await request('/orders/unpaid', { method: 'POST' });
      await drain(app);
      await request('/airlock/state');
      expect(await events.next()).toMatchObject({
        data: { units: [{ entryPoint: 'OrdersController.unpaid' }] },
      });
      events.leave();
    });
  });

  describe('when more units of work end at once than one message tells of, or than are kept', () => {
    it.each([
      [150, 200, 150],
      [30, 20, 20],
    ])(
      'knows of %i under a capacity of %i that %i are there, all of them ended',
      async (count, capacity, kept) => {
        const { url, app } = await serve(platform, shop({ capacity }));
        const events = await listen(url);
        const known = new Map<string, string>();
        const isKnown = async (state: string, number: number): Promise<void> => {
          while (known.size !== number || [...known.values()].some((one) => one !== state)) {
            const { name, data } = (await events.next())!;
            if (name === 'state') known.clear();
            for (const unit of data.units) known.set(unit.id, unit.state);
          }
        };
        const end = gate();
        const working = Array.from({ length: count }, (_one, i) =>
          app.get(AirlockService).run({ name: `work ${i}` }, async () => {
            enqueueWith({ name: 'effect' }, () => {});
            await end.passed;
          }),
        );
        await isKnown('open', kept);
        end.open();
        await Promise.all(working);
        await isKnown('ended', kept);
        expect(new Set(known.values())).toEqual(new Set(['ended']));
        events.leave();
      },
    );
  });

  describe('when a reader leaves while a guard is asked', () => {
    it('has no stream', async () => {
      const left = gate();
      const guard: CanActivate = {
        async canActivate(context: ExecutionContext) {
          const response = nodeResponse(context.switchToHttp().getResponse())!;
          asking.destroy();
          await once(response, 'close');
          left.open();
          return true;
        },
      };
      const { url, app } = await serve(platform, shop({ guards: [guard] }));
      const asking = get(`${url}/airlock/events`, { agent: false }).on('error', () => {});
      await left.passed;
      await delay(50);
      expect(app.get(Inspector, { strict: false }).streams.count).toBe(0);
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
      slow
        .setEncoding('utf8')
        .on('data', (text: string) => (states += text.split('event: state').length - 1));
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
  const looking = setInterval(() => {
    for (const { writableLength } of sockets) longest = Math.max(longest, writableLength);
  }, 1);
  server.once('close', () => clearInterval(looking));
  return () => longest;
}
