import type { AirlockModuleOptions, NoScopeError } from 'nestjs-airlock';
import { recorderOf } from 'nestjs-airlock/testing';
import { get, request, type Server } from 'node:http';
import type { Socket } from 'node:net';
import {
  CANCELLED,
  checkAfterEach,
  COMPLETED,
  delay,
  FAILED,
  gate,
  platforms,
  type Running,
  serve,
} from './fixtures.js';
import { openAtModule, Probe } from './open-at.fixtures.js';

const aroundHandler: AirlockModuleOptions = { boundaries: { http: { openAt: 'handler' } } };

describe.each(platforms)('on %s', (_name, platform) => {
  checkAfterEach();

  describe.each(['beforeResponse', 'afterResponse'] as const)(
    'when scopes open with the request, the default, under %s',
    (dispatch) => {
      const start = (middlewareOn: readonly string[] = []) =>
        serve(platform, openAtModule({ dispatch }, middlewareOn));

      it('drops what a guard called that denies, and lets its failure effects out', async () => {
        const server = await start();
        expect((await server.request('/denied')).status).toBe(403);
        expect(await server.fate()).toEqual(FAILED);
      });

      it('lets out what a guard called that allows, before what the handler called', async () => {
        const server = await start();
        const { body } = await server.request('/allowed?as=me');
        expect(JSON.parse(body)).toEqual([
          'guard from OpenAtController.allowed',
          'handler from OpenAtController.allowed',
        ]);
        expect(await server.fate()).toEqual({ out: ['guard', 'handler'], dropped: [] });
      });

      it('counts an error of a pipe as failed', async () => {
        const server = await start();
        expect((await server.request('/pipe/1')).status).toBe(400);
        expect(await server.fate()).toEqual(FAILED);
      });

      it('takes the calls of an exception filter, as failed whatever status the filter sends', async () => {
        const server = await start();
        expect(await server.request('/filtered')).toMatchObject({ status: 200, body: 'filtered' });
        expect(await server.fate()).toEqual(FAILED);
      });

      it('drops what a guard called if the handler fails afterwards', async () => {
        const server = await start();
        await server.request('/forbidden-filtered');
        expect(await server.fate()).toEqual({ out: FAILED.out, dropped: ['guard', 'success'] });
      });

      it('takes the calls of the own middleware of an application', async () => {
        const server = await start(['allowed']);
        expect((await server.request('/allowed')).status).toBe(200);
        expect(await server.fate()).toEqual({
          out: ['middleware', 'guard', 'handler'],
          dropped: [],
        });
      });

      it('decides by the status 404 where no handler is reached', async () => {
        const server = await start(['*path']);
        expect((await server.request('/nowhere')).status).toBe(404);
        expect(await server.fate()).toEqual({ out: [], dropped: ['middleware'] });
      });

      it.each([2, 5_000])('survives the parsing of a JSON body with %i texts', async (count) => {
        const server = await start();
        const texts = Array.from({ length: count }, (_, i) => `text ${i}`);
        const init = {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ texts }),
        };
        const { status, body } = await server.request('/body', init);
        expect({ status, body }).toEqual({
          status: 201,
          body: JSON.stringify({ received: count }),
        });
        expect(await server.fate()).toEqual({ out: ['guard', ...texts], dropped: [] });
      });

      it('survives a body that arrives long after its head, in pieces', async () => {
        const server = await start();
        const headers = { 'content-type': 'application/json' };
        const posting = request(`${server.url}/body`, { method: 'POST', headers });
        const answered = new Promise<number | undefined>((resolve, reject) => {
          posting
            .on('response', (response) => resolve(response.resume().statusCode))
            .on('error', reject);
        });
        posting.flushHeaders();
        for (const piece of ['{ "texts": [', '"late"', '] }']) {
          await delay(10);
          posting.write(piece);
        }
        posting.end();
        expect(await answered).toBe(201);
        expect(await server.fate()).toEqual({ out: ['guard', 'late'], dropped: [] });
      });

      it('is failed for a body that cannot be parsed', async () => {
        const server = await start(['body']);
        const init = {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{ broken',
        };
        expect((await server.request('/body', init)).status).toBe(400);
        expect(await server.fate()).toEqual({
          out: [],
          dropped: recorderOf(server.app).effects.map(({ name }) => name),
        });
      });

      it('keeps a @SkipAirlock handler outside, and the calls of its guard inside', async () => {
        const server = await start();
        expect(await server.request('/skipped')).toMatchObject({
          status: 200,
          body: 'AIRLOCK_NO_SCOPE',
        });
        expect(await server.fate()).toEqual({ out: ['guard'], dropped: [] });
      });
    },
  );

  /** Asks for a path and leaves before the guard or the handler there goes on. */
  async function leaveEarly(server: Running, path: string): Promise<void> {
    const { arrived, leave, left } = server.app.get(Probe);
    const hungUp = gate();
    (server.app.getHttpServer() as Server).once('connection', (socket: Socket) =>
      socket.once('close', () => hungUp.open()),
    );
    const client = get(server.url + path).on('error', () => {});
    await arrived.passed;
    client.destroy();
    await hungUp.passed;
    await delay(5);
    leave.open();
    await left.passed;
  }

  describe('when a client leaves while the handler works', () => {
    it.each(['handler', 'request'] as const)(
      "completes with the handler under openAt: '%s'",
      async (where) => {
        const server = await serve(
          platform,
          openAtModule({ boundaries: { http: { openAt: where } } }),
        );
        await leaveEarly(server, '/slow');
        expect(await server.fate()).toEqual({
          out: ['before', 'success', 'always'],
          dropped: ['failure'],
        });
      },
    );
  });

  describe('when a client leaves while a guard works', () => {
    it.each([
      ['beforeResponse', COMPLETED],
      ['afterResponse', CANCELLED],
    ] as const)(
      'cancels what the guard called, and gives the handler, which still runs, a scope of its own under %s',
      async (dispatch, { out, dropped }) => {
        const server = await serve(platform, openAtModule({ dispatch }));
        await leaveEarly(server, '/behind-slow-guard');
        expect(await server.fate()).toEqual({ out, dropped: ['guard', ...dropped] });
        const own = 'OpenAtController.behindSlowGuard';
        expect(server.app.get(Probe).origins).toEqual([own, own, own]);
      },
    );
  });

  describe("when scopes open at the 'handler'", () => {
    it('refuses the call of a guard with an error that names the option', async () => {
      const server = await serve(platform, openAtModule(aroundHandler));
      expect((await server.request('/cautious')).body).toBe('allowed');
      const [error] = server.app.get(Probe).errors as [NoScopeError];
      expect(error).toMatchObject({ code: 'AIRLOCK_NO_SCOPE', effect: 'guard' });
      expect(error.message).toContain("over HTTP only (`openAt: 'request'`)");
      expect(recorderOf(server.app).effects).toEqual([]);
    });

    it('answers 500 where the guard lets that error through', async () => {
      const server = await serve(platform, openAtModule(aroundHandler));
      expect((await server.request('/denied')).status).toBe(500);
      expect(await server.fate()).toEqual({ out: [], dropped: [] });
    });

    it('still takes the calls of pipes', async () => {
      const server = await serve(platform, openAtModule(aroundHandler));
      await server.request('/pipe/1');
      expect(await server.fate()).toEqual(FAILED);
    });
  });

  describe('when the boundary is switched off', () => {
    it('opens no scope at all', async () => {
      const server = await serve(
        platform,
        openAtModule({ boundaries: { http: false }, outsideScope: 'drop' }),
      );
      expect(JSON.parse((await server.request('/allowed')).body)).toEqual([]);
      expect(await server.fate()).toEqual({ out: [], dropped: ['guard', 'handler'] });
    });
  });
});
