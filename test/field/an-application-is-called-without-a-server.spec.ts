import { Controller, Get, type INestApplication, Res, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { AirlockModule, AirlockService } from 'nestjs-airlock';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import {
  checkAfterEach,
  COMPLETED,
  DenyingGuard,
  FAILED,
  fateOf,
  moduleOf,
  PlacesOrFails,
  recorded,
  type Reply,
  until,
} from '../e2e/http/fixtures.js';

@Controller()
class ShopController extends PlacesOrFails {
  @Get('denied')
  @UseGuards(DenyingGuard)
  denied(): void {}

  @Get('patient')
  patient(): string {
    this.mailLater();
    return 'answer';
  }

  @Get('patient-by-itself')
  patientByItself(@Res() response: Reply): void {
    this.mailLater();
    response.status(200).send('answer');
  }

  private mailLater(): void {
    const { buffer, outbox } = this.effects;
    buffer.enqueueWith({ name: 'mail', dispatch: 'afterResponse' }, () => {
      outbox.sent.push('mail');
    });
  }
}

/** Objects that such adapters give a request in place of its connection. */
const stub = (): object => ({ encrypted: true, readable: true });
const stream = (): object => new PassThrough();

/** Answers a request as adapters for serverless platforms do: there is no connection. */
async function call(app: INestApplication, url: string, connection = stub): Promise<number> {
  const request = new IncomingMessage(connection() as never);
  Object.assign(request, { method: 'GET', url, headers: { host: 'shop' }, complete: true });
  request.push(null);
  const response = new ServerResponse({ method: 'GET' } as never);
  const ignore = (): void => {};
  response.assignSocket({
    _writableState: {},
    writable: true,
    on: ignore,
    removeListener: ignore,
    destroy: ignore,
    cork: ignore,
    uncork: ignore,
    write: (_data: unknown, ...rest: unknown[]) => {
      (rest.find((one) => typeof one === 'function') as (() => void) | undefined)?.();
      return true;
    },
  } as unknown as Socket);
  const instance = app.getHttpAdapter().getInstance() as Partial<FastifyInstance>;
  await instance.ready?.();
  const handle = instance.routing ?? instance;
  return new Promise((resolve) => {
    response.once('finish', () => resolve(response.statusCode));
    (handle as (...args: unknown[]) => void)(request, response);
  });
}

const platforms = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const;

describe.each(platforms)('on %s, when no server listens', (_name, adapter) => {
  checkAfterEach();

  describe.each(['beforeResponse', 'afterResponse'] as const)('under %s', (dispatch) => {
    it.each([
      ['/place', 200, COMPLETED],
      ['/fails', 500, FAILED],
      ['/denied', 403, FAILED],
    ])('decides about the effects of %s as a server would', async (path, status, fate) => {
      const module = moduleOf({
        imports: [AirlockModule.forRoot({ dispatch })],
        controllers: [ShopController],
        providers: [DenyingGuard],
      });
      const app = recorded(await NestFactory.create(module, adapter(), { logger: false }));
      await app.init();
      expect(await call(app, path)).toBe(status);
      await until(() => fateOf(app).out.length === fate.out.length);
      expect(fateOf(app)).toEqual(fate);
      await app.close();
    });

    it.each([
      ['/place', COMPLETED.out],
      ['/fails', FAILED.out],
      ['/denied', FAILED.out],
      ['/patient', ['mail']],
      ['/patient-by-itself', ['mail']],
    ])('has let out all of %s when no scope runs any more', async (path, out) => {
      const module = moduleOf({
        imports: [AirlockModule.forRoot({ dispatch })],
        controllers: [ShopController],
        providers: [DenyingGuard],
      });
      const app = recorded(await NestFactory.create(module, adapter(), { logger: false }));
      await app.init();
      await call(app, path);
      await until(() => app.get(AirlockService).running().length === 0);
      expect(fateOf(app).out).toEqual(out);
      await app.close();
    });

    it.each([
      ['/patient', 'a stub', stub],
      ['/patient', 'a stream', stream],
      ['/patient-by-itself', 'a stub', stub],
      ['/patient-by-itself', 'a stream', stream],
    ])(
      'lets an effect of %s out that waits for the answer, with %s in place of its connection',
      async (path, _what, connection) => {
        const module = moduleOf({
          imports: [AirlockModule.forRoot({ dispatch })],
          controllers: [ShopController],
          providers: [DenyingGuard],
        });
        const app = recorded(await NestFactory.create(module, adapter(), { logger: false }));
        await app.init();
        expect(await call(app, path, connection)).toBe(200);
        await until(() => fateOf(app).out.length === 1, 5_000);
        await app.close();
      },
    );
  });
});
