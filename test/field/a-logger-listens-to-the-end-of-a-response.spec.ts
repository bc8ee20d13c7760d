import { Controller, Get, type INestApplication, Res } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { AirlockModule } from 'nestjs-airlock';
import type { ServerResponse } from 'node:http';
import {
  checkAfterEach,
  Effects,
  moduleOf,
  platforms,
  type Reply,
  serve,
  until,
} from '../e2e/http/fixtures.js';

@Controller()
class ShopController {
  constructor(private readonly effects: Effects) {}
  @Get('place')
  place(): string {
    this.effects.one('handler');
    return 'placed';
  }
  @Get('fails')
  fails(): never {
    throw new Error('sold out');
  }
  @Get('answers')
  async answers(@Res() response: Reply): Promise<void> {
    await Promise.resolve();
    response.status(200).send('answered');
  }
}

const shop = moduleOf({ imports: [AirlockModule.forRoot()], controllers: [ShopController] });

describe.each(platforms)(
  'on %s, when a logger listens to the end of responses',
  (name, platform) => {
    checkAfterEach();

    it('lets out what that calls, by the status that was sent', async () => {
      let closed = false;
      const listens = (app: INestApplication): void => {
        const effects = app.get(Effects);
        app.use((_request: unknown, response: ServerResponse, next: () => void) => {
          response.on('finish', () => effects.one(`finish ${response.statusCode}`));
          response.on('finish', () => effects.one('alarm', 'failure'));
          response.on('close', () => effects.one('close'));
          response.on('close', () => (closed = true));
          next();
        });
        if (name === 'Fastify') {
          const fastify = app.getHttpAdapter().getInstance() as FastifyInstance;
          fastify.addHook('onResponse', async () => effects.one('onResponse', 'always'));
          // Called once the one before it has resolved.
          fastify.addHook('onResponse', async () => effects.one('second', 'always'));
        }
      };
      const server = await serve(platform, shop, listens);
      const isFastify = name === 'Fastify';
      const onResponse = isFastify ? ['onResponse'] : [];
      const second = isFastify ? ['second'] : [];
      for (const [path, out] of [
        ['/place', ['handler', ...onResponse, 'finish 200', 'close', ...second]],
        ['/answers', [...onResponse, 'finish 200', 'close', ...second]],
        ['/fails', [...onResponse, 'alarm', ...second]],
        ['/nowhere', [...onResponse, 'alarm', ...second]],
      ] as const) {
        server.sent.length = 0;
        closed = false;
        await server.request(path);
        await until(() => closed);
        expect([path, (await server.fate()).out]).toEqual([path, out]);
      }
      expect(server.log.airlock('error')).toEqual([]);
    });
  },
);
