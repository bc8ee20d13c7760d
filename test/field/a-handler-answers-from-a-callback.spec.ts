import { Controller, Get, Next, Query, Render, Res, Sse } from '@nestjs/common';
import { DropAll, UseAirlockPolicy } from 'nestjs-airlock';
import { get, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { EMPTY } from 'rxjs';
import { answersItself } from '../../lib/nest/boundaries/answers-itself.js';
import {
  checkAfterEach,
  COMPLETED,
  delay,
  Effects,
  FAILED,
  gate,
  listen,
  platforms,
  type Reply,
  type Running,
} from '../e2e/http/fixtures.js';

/** An order that is placed behind the back of the handler, as in `orders.place().then(…)`. */
@Controller()
class OrdersController {
  static begun = gate();
  static work = gate();

  constructor(private readonly effects: Effects) {}

  @Get('place')
  place(@Query('status') status: string, @Res() res: Reply): void {
    this.placeOrder().then(
      () => res.status(Number(status)).send('placed'),
      () => res.status(500).send('not placed'),
    );
  }

  @Get('place-dry')
  @UseAirlockPolicy(DropAll)
  placeDry(@Res() res: Reply): void {
    void this.placeOrder().then(() => res.send('placed'));
  }

  @Get('place-slowly')
  placeSlowly(@Query('status') status: string | undefined, @Res() res: Reply): void {
    this.effects.one('before');
    OrdersController.begun.open();
    void OrdersController.work.passed.then(() => {
      if (status !== undefined) this.effects.one('after');
      res.status(Number(status ?? 200)).send('placed');
    });
  }

  @Get('begin-to-send')
  beginToSend(@Res({ passthrough: false }) res: Reply & { raw?: Raw } & Raw): void {
    this.effects.all();
    const raw = res.raw ?? res;
    raw.write('an event');
    void OrdersController.work.passed.then(() => raw.end());
  }

  @Get('hand-on')
  handOn(@Next() next: () => void): void {
    void this.placeOrder().finally(() => setImmediate(next));
  }

  private async placeOrder(): Promise<void> {
    await delay(5);
    this.effects.all();
  }
}

interface Raw {
  write(text: string): void;
  end(): void;
}

const parts = { controllers: [OrdersController] };

checkAfterEach();

describe.each(platforms)('on %s', (_, platform) => {
  beforeEach(() => {
    OrdersController.begun = gate();
    OrdersController.work = gate();
  });

  describe.each(['beforeResponse', 'afterResponse'] as const)(
    'when a handler answers from a callback, under %s',
    (dispatch) => {
      const start = () => listen(platform, parts, { dispatch });

      it.each([
        [201, COMPLETED],
        [409, FAILED],
      ])('decides its effects by the status that it sends, %i', async (status, fate) => {
        const server = await start();
        expect((await server.request(`/place?status=${status}`)).status).toBe(status);
        expect(await server.fate()).toEqual(fate);
        expect(server.log.airlock('error')).toEqual([]);
      });

      it('keeps the policies of the handler', async () => {
        const server = await start();
        await server.request('/place-dry');
        expect((await server.fate()).out).toEqual([]);
      });

      it('ends at once where the answer has begun, however long it goes on', async () => {
        const server = await start();
        const asking = server.request('/begin-to-send');
        const isOut = (): boolean => server.sent.length === COMPLETED.out.length;
        while (dispatch === 'beforeResponse' && !isOut()) await delay(1);
        OrdersController.work.open();
        await asking;
        expect(await server.fate()).toEqual(COMPLETED);
      });

      it('has a shutdown wait for it', async () => {
        const server = await start();
        const asking = server.request('/place-slowly');
        await OrdersController.begun.passed;
        const closing = server.app.close();
        OrdersController.work.open();
        expect((await asking).body).toBe('placed');
        await closing;
        expect(server.sent).toEqual(['before']);
      });
    },
  );

  describe('when the scope is open around the handler alone', () => {
    it.each([
      [201, COMPLETED],
      [409, FAILED],
    ])('decides by the status that is sent from the callback as well, %i', async (status, fate) => {
      const server = await listen(platform, parts, {
        boundaries: { http: { openAt: 'handler' } },
      });
      await server.request(`/place?status=${status}`);
      expect(await server.fate()).toEqual(fate);
      expect(server.log.airlock('error')).toEqual([]);
    });
  });

  describe('when the client leaves before that', () => {
    async function leave(server: Running, path: string): Promise<void> {
      const hungUp = gate();
      (server.app.getHttpServer() as Server).once('connection', (socket: Socket) =>
        socket.once('close', () => hungUp.open()),
      );
      const client = get(server.url + path).on('error', () => {});
      await OrdersController.begun.passed;
      client.destroy();
      await hungUp.passed;
    }

    it.each([
      [201, { out: ['before', 'after'], dropped: [] }],
      [500, { out: [], dropped: ['before', 'after'] }],
    ])('ends with what it answers nobody, %i, under beforeResponse', async (status, fate) => {
      const server = await listen(platform, parts);
      await leave(server, `/place-slowly?status=${status}`);
      OrdersController.work.open();
      expect(await server.fate()).toEqual(fate);
      expect(server.log.airlock('error')).toEqual([]);
    });

    it('is cancelled under afterResponse', async () => {
      const server = await listen(platform, parts, { dispatch: 'afterResponse' });
      await leave(server, '/place-slowly');
      expect(await server.fate()).toEqual({ out: [], dropped: ['before'] });
    });
  });
});

it('leaves the answer to what comes next on Express', async () => {
  const server = await listen(platforms[0]![1], parts);
  expect((await server.request('/hand-on')).status).toBe(404);
  expect(await server.fate()).toEqual(FAILED);
});

describe('a handler', () => {
  class Handlers {
    @Get() own(@Res() one: unknown): void {
      void one;
    }
    @Get() next(@Next() one: unknown): void {
      void one;
    }
    @Get() passing(@Res({ passthrough: true }) one: unknown): void {
      void one;
    }
    @Get() @Render('page') rendering(@Res() one: unknown): void {
      void one;
    }
    @Sse() streaming(@Res() one: unknown): typeof EMPTY {
      void one;
      return EMPTY;
    }
    @Get() plain(@Query() one: unknown): void {
      void one;
    }
  }
  class Inheriting extends Handlers {}

  it.each([
    ['own', true],
    ['next', true],
    ['passing', false],
    ['rendering', false],
    ['streaming', false],
    ['plain', false],
  ] as const)('answers itself as Nest sees it: %s, %s', (key, itself) => {
    expect(answersItself(Inheriting, Handlers.prototype[key], key)).toBe(itself);
  });
});
