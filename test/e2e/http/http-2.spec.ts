import {
  Body,
  Controller,
  Get,
  type INestApplication,
  Post,
  Res,
  Sse,
  StreamableFile,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AirlockModule, type AirlockModuleOptions, currentScope } from 'nestjs-airlock';
import { recorderOf } from 'nestjs-airlock/testing';
import type { ServerResponse } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { PassThrough } from 'node:stream';
import { interval, map } from 'rxjs';
import {
  CANCELLED,
  checkAfterEach,
  COMPLETED,
  Effects,
  FAILED,
  moduleOf,
  PlacesOrFails,
  type Reply,
  type Running,
  serve,
  until,
} from './fixtures.js';

@Controller()
class ShopController extends PlacesOrFails {
  @Get('answers')
  async answers(@Res() reply: Reply): Promise<void> {
    this.effects.all();
    await Promise.resolve();
    reply.status(409).send('taken');
  }
  @Post('echo')
  async echo(@Body() { text }: { text: string }): Promise<string> {
    await Promise.resolve();
    this.effects.one(text);
    return `${text} in ${currentScope()?.intents.map(String).join()}`;
  }
  @Get('report')
  report(): StreamableFile {
    const rows = new PassThrough();
    rows.write('row\n');
    rows.once('data', () => this.effects.all());
    return new StreamableFile(rows);
  }
  @Sse('events')
  events() {
    this.effects.all();
    return interval(5).pipe(map((n) => ({ data: n })));
  }
}

const sessions: ClientHttp2Session[] = [];

async function serveShop(
  options?: AirlockModuleOptions,
  configure?: (app: INestApplication) => void,
): Promise<Running & { readonly session: ClientHttp2Session }> {
  const server = await serve(
    () => new FastifyAdapter({ http2: true } as never),
    moduleOf({ imports: [AirlockModule.forRoot(options)], controllers: [ShopController] }),
    configure,
  );
  const session = connect(server.url).on('error', () => {});
  sessions.push(session);
  return { ...server, session };
}

/** Sends one request and reads its answer. */
async function ask(session: ClientHttp2Session, path: string, body?: unknown): Promise<string> {
  const stream = session.request({
    ':path': path,
    ...(body !== undefined && { ':method': 'POST', 'content-type': 'application/json' }),
  });
  stream.end(body === undefined ? undefined : JSON.stringify(body));
  let status = '';
  stream.on('response', (headers) => (status = String(headers[':status'])));
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return `${status} ${text}`;
}

describe('on Fastify over HTTP/2', () => {
  // A session that is open holds up the end of the server.
  afterEach(() => sessions.splice(0).forEach((session) => session.destroy()));
  checkAfterEach();

  describe.each(['beforeResponse', 'afterResponse'] as const)('under %s', (dispatch) => {
    it.each([
      ['/place', /^200 placed$/, COMPLETED],
      ['/fails', /^500 /, FAILED],
      ['/answers', /^409 taken$/, FAILED],
    ])('decides about the effects of %s by its end', async (path, answer, fate) => {
      const { session, ...server } = await serveShop({ dispatch });
      expect(await ask(session, path)).toMatch(answer);
      expect(await server.fate()).toEqual(fate);
      expect(server.log.airlock('error')).toEqual([]);
    });

    it.each(['events', 'report'])('cancels a stream that the client has left: %s', async (path) => {
      const { session, ...server } = await serveShop({ dispatch });
      const stream = session.request({ ':path': `/${path}` }).on('error', () => {});
      await new Promise((resolve) => stream.once('data', resolve));
      stream.close(8);
      await until(() => recorderOf(server.app).dropped.length === 2);
      expect(await server.fate()).toEqual(CANCELLED);
      expect(server.log.airlock('error')).toEqual([]);
    });
  });

  describe('when requests share a connection', () => {
    it('keeps the buffer of each to itself', async () => {
      const { session, ...server } = await serveShop();
      const texts = Array.from({ length: 20 }, (_, index) => `order ${index}`);
      const answers = await Promise.all(texts.map((text) => ask(session, '/echo', { text })));
      for (const [index, text] of texts.entries()) {
        expect(answers[index]).toMatch(/^201 /);
        expect(answers[index]!.match(/order \d+/g)!.every((one) => one === text)).toBe(true);
      }
      expect([...(await server.fate()).out].sort()).toEqual([...texts].sort());
    });
  });

  describe('when a logger listens to the end of responses', () => {
    it('lets out what that calls, by the status that was sent', async () => {
      let closed = 0;
      const { session, ...server } = await serveShop({}, (app) => {
        const effects = app.get(Effects);
        app.use((_request: unknown, response: ServerResponse, next: () => void) => {
          response.on('finish', () => effects.one(`finish ${response.statusCode}`));
          response.on('close', () => effects.one('alarm', 'failure'));
          response.on('close', () => void closed++);
          next();
        });
      });
      await ask(session, '/place');
      await until(() => closed === 1);
      expect((await server.fate()).out).toEqual([...COMPLETED.out, 'finish 200']);
      server.sent.length = 0;
      await ask(session, '/fails');
      await until(() => closed === 2);
      expect((await server.fate()).out).toEqual([...FAILED.out, 'alarm']);
      expect(server.log.airlock('error')).toEqual([]);
    });
  });
});
