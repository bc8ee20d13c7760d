import { Controller, Get, type INestApplication } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkAfterEach, Effects, gate, moduleOf, platforms, serve } from '../e2e/http/fixtures.js';

@Controller()
class ShopController {
  constructor(private readonly effects: Effects) {}
  @Get('place')
  place(): string {
    this.effects.one('handler');
    return 'placed';
  }
}

const shop = moduleOf({ imports: [AirlockModule.forRoot()], controllers: [ShopController] });

describe.each(platforms)('on %s, when a test has faked timers around a request', (_, platform) => {
  checkAfterEach();
  afterEach(() => {
    jest.useRealTimers();
  });

  it('still tells late calls of later requests from those at their end', async () => {
    const called = gate();
    const listens = (app: INestApplication): void => {
      app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        if (request.url === '/place?later') {
          response.on('close', () => {
            setImmediate(() => {
              app.get(Effects).one('late');
              called.open();
            });
          });
        }
        next();
      });
    };
    const server = await serve(platform, shop, listens);
    // The client of this test needs these.
    jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'setImmediate', 'setTimeout'] });
    await server.request('/place');
    jest.useRealTimers();
    await server.request('/place?later');
    await called.passed;
    expect(await server.fate()).toEqual({ out: ['handler', 'handler'], dropped: ['late'] });
  });
});
