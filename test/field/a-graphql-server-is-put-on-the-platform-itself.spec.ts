import { type CanActivate, Inject, Injectable, type OnModuleInit, UseGuards } from '@nestjs/common';
import { ExternalContextCreator, HttpAdapterHost, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { AirlockModule } from 'nestjs-airlock';
import type { ServerResponse } from 'node:http';
import {
  checkAfterEach,
  COMPLETED,
  Effects,
  fateOf,
  moduleOf,
  recorded,
  until,
} from '../e2e/http/fixtures.js';

@Injectable()
class Auditing implements CanActivate {
  constructor(private readonly effects: Effects) {}
  canActivate(): boolean {
    this.effects.all();
    return true;
  }
}

@Injectable()
class Orders {
  @UseGuards(Auditing)
  order(): string {
    return 'order 1';
  }
}

interface Express {
  use(path: string, middleware: (request: unknown, response: ServerResponse) => void): void;
}

/** As drivers of GraphQL servers do: Nest hears of nothing but the resolver. */
@Injectable()
class Server implements OnModuleInit {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(ExternalContextCreator) private readonly creator: ExternalContextCreator,
    private readonly orders: Orders,
  ) {}
  onModuleInit(): void {
    const { order } = Orders.prototype as unknown as Record<string, never>;
    const { creator, orders } = this;
    const resolve = creator.create(
      orders,
      order!,
      'order',
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      'graphql',
    );
    (this.host.httpAdapter.getInstance() as Express).use('/graphql', (_request, response) => {
      void Promise.resolve(resolve()).then(
        (value: unknown) => response.end(value),
        (error: Error) => response.writeHead(500).end(error.message),
      );
    });
  }
}

checkAfterEach();

describe.each([
  ['Nest has body parsers', {}],
  ['Nest has none', { bodyParser: false }],
])('when a module puts a server on Express itself, and %s', (_what, options) => {
  it('lets out what a guard calls, as part of the request', async () => {
    const module = moduleOf({
      imports: [AirlockModule.forRoot()],
      providers: [Orders, Auditing, Server],
    });
    const app = recorded(
      await NestFactory.create(module, new ExpressAdapter(), { logger: false, ...options }),
    );
    await app.listen(0, '127.0.0.1');
    const response = await fetch(`${await app.getUrl()}/graphql`);
    expect(await response.text()).toBe('order 1');
    await until(() => fateOf(app).out.length === 2);
    expect(fateOf(app)).toEqual(COMPLETED);
    await app.close();
  });
});
