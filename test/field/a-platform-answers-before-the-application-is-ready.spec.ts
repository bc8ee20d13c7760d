import { Controller, Get, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { AirlockModule, type Intent, type Policy } from 'nestjs-airlock';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  checkAfterEach,
  COMPLETED,
  Effects,
  fateOf,
  moduleOf,
  PlacesOrFails,
  recorded,
  until,
} from '../e2e/http/fixtures.js';

// A probe is put on the platform itself, and its server listens while the application boots.

@Injectable()
class Names {
  readonly muted = ['news'];
}

@Injectable()
class Muting implements Policy {
  constructor(private readonly names: Names) {}
  allows({ name }: Intent): boolean {
    return !this.names.muted.includes(name);
  }
}

@Controller()
class ShopController extends PlacesOrFails {
  @Get('health')
  health(): void {}
}

interface Express {
  (...args: unknown[]): void;
  get(
    path: string,
    handler: (request: unknown, response: { send(text: string): void }) => void,
  ): void;
}

describe('when a platform answers before the application is ready', () => {
  checkAfterEach();

  it('answers as ever, and then in scopes', async () => {
    const module = moduleOf({
      imports: [AirlockModule.forRoot({ boundaries: { http: { policy: Muting } } })],
      controllers: [ShopController],
      providers: [Names, Muting],
    });
    const adapter = new ExpressAdapter();
    const express = adapter.getInstance() as unknown as Express;
    let probed = (): void => {};
    express.get('/live', (_request, response) => {
      probed();
      response.send('alive');
    });
    const app = recorded(await NestFactory.create(module, adapter, { logger: false }));
    const server = createServer(express).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      expect(await (await fetch(`${url}/live`)).text()).toBe('alive');
      await app.init();
      expect(await (await fetch(`${url}/place`)).text()).toBe('placed');
      expect(fateOf(app)).toEqual(COMPLETED);
      probed = () => app.get(Effects).one('probed');
      expect(await (await fetch(`${url}/live`)).text()).toBe('alive');
      await until(() => fateOf(app).out.includes('probed'));
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
