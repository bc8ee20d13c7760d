import { Controller, Get, type MessageEvent, Sse, StreamableFile } from '@nestjs/common';
import type { AirlockModuleOptions } from 'nestjs-airlock';
import { recorderOf } from 'nestjs-airlock/testing';
import { get, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { concat, defer, from, interval, map, Observable, of, tap } from 'rxjs';
import {
  CANCELLED,
  checkAfterEach,
  COMPLETED,
  Effects,
  listen,
  platforms,
  until,
} from './fixtures.js';

const bulk = 'x'.repeat(200_000);

@Controller()
class StreamController {
  constructor(private readonly effects: Effects) {}

  @Get('several')
  several() {
    return from(['first', 'second', 'third']).pipe(tap((text) => this.effects.one(text)));
  }
  @Get('late-failure')
  lateFailure() {
    return concat(
      from(['first', 'second']).pipe(tap((text) => this.effects.one(text))),
      defer(() => Promise.reject(new Error('after two values'))),
    );
  }
  @Get('deferred')
  deferred() {
    return defer(async () => {
      await Promise.resolve();
      this.effects.all();
      return 'deferred';
    });
  }
  @Get('file')
  file() {
    this.effects.all();
    return new StreamableFile(Readable.from([bulk, 'end']));
  }
  @Sse('sse')
  sse(): Observable<MessageEvent> {
    return concat(
      of({ data: 'first' }),
      defer(() => {
        this.effects.all();
        return of({ data: 'last' });
      }),
    );
  }
  @Sse('sse-failure')
  sseFailure(): Observable<MessageEvent> {
    this.effects.all();
    return concat(
      of({ data: 'first' }),
      defer(() => Promise.reject(new Error('midway'))),
    );
  }
  @Sse('endless')
  endless(): Observable<MessageEvent> {
    this.effects.all();
    return interval(5).pipe(map((n) => ({ data: `tick ${n}` })));
  }
}

/** A client that has read its first event and may leave. */
async function reader(url: string): Promise<{ leave(): void }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    get(url, resolve).on('error', reject),
  );
  let text = '';
  response.on('data', (chunk: Buffer) => (text += chunk.toString())).on('error', () => {});
  await until(() => text.includes('tick 0'));
  return { leave: () => void response.destroy() };
}

describe.each(platforms)('on %s', (_name, platform) => {
  checkAfterEach();
  const start = (options?: AirlockModuleOptions) =>
    listen(platform, { controllers: [StreamController] }, options);

  describe('when a handler returns an Observable of several values', () => {
    it('answers with the last one and lets out the effects of each, in order', async () => {
      const server = await start();
      expect((await server.request('/several')).body).toBe('third');
      expect(await server.fate()).toEqual({ out: ['first', 'second', 'third'], dropped: [] });
    });

    it('drops them all if it fails after some values', async () => {
      const server = await start();
      expect((await server.request('/late-failure')).status).toBe(500);
      expect(await server.fate()).toEqual({ out: [], dropped: ['first', 'second'] });
    });
  });

  describe('when an Observable works at its subscription', () => {
    it('buffers what that work calls', async () => {
      const server = await start();
      expect((await server.request('/deferred')).body).toBe('deferred');
      expect(await server.fate()).toEqual(COMPLETED);
    });
  });

  describe('when a StreamableFile is returned', () => {
    it('sends it whole and lets the effects out', async () => {
      const server = await start();
      expect((await server.request('/file')).body).toBe(`${bulk}end`);
      expect(await server.fate()).toEqual(COMPLETED);
    });

    it('lets the effects out after it is sent under afterResponse', async () => {
      const server = await start({ dispatch: 'afterResponse' });
      expect((await server.request('/file')).body).toBe(`${bulk}end`);
      expect(await server.fate()).toEqual(COMPLETED);
    });
  });

  describe.each(['beforeResponse', 'afterResponse'] as const)(
    'when events are streamed under %s',
    (dispatch) => {
      it('lets the effects out once the stream has ended', async () => {
        const server = await start({ dispatch });
        const { body, headers } = await server.request('/sse');
        expect(headers.get('content-type')).toContain('text/event-stream');
        expect(body.match(/data: .*/g)).toEqual(['data: first', 'data: last']);
        expect(await server.fate()).toEqual(COMPLETED);
      });

      it('drops the ordinary ones if the stream fails midway', async () => {
        const server = await start({ dispatch });
        expect((await server.request('/sse-failure')).body).toContain('data: first');
        expect(await server.fate()).toEqual({ out: ['failure', 'always'], dropped: ['success'] });
      });

      it('runs nothing while the stream goes on, and is cancelled if the client leaves', async () => {
        const server = await start({ dispatch });
        const client = await reader(`${server.url}/endless`);
        expect(recorderOf(server.app)).toMatchObject({ dispatched: [], dropped: [], failed: [] });
        client.leave();
        expect(await server.fate()).toEqual(CANCELLED);
      });

      it("lets the ordinary ones out if the client leaves under onCancel: 'flush'", async () => {
        const server = await start({ dispatch, onCancel: 'flush' });
        (await reader(`${server.url}/endless`)).leave();
        expect(await server.fate()).toEqual(COMPLETED);
      });

      it("tells shouldFlush 'cancelled' if the client leaves", async () => {
        const outcomes: string[] = [];
        const shouldFlush = (outcome: string) => outcomes.push(outcome) > 0;
        const server = await start({ dispatch, boundaries: { http: { shouldFlush } } });
        (await reader(`${server.url}/endless`)).leave();
        expect(await server.fate()).toEqual(COMPLETED);
        expect(outcomes).toEqual(['cancelled']);
      });
    },
  );
});
