import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  type ModuleMetadata,
  Res,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AirlockModule, SideEffect } from 'nestjs-airlock';
import { checkForLeaks } from 'nestjs-airlock/testing';
import type { ServerResponse } from 'node:http';
import { platforms } from '../e2e/http/fixtures.js';

// Node warns of an emitter with more than ten listeners to one event. A file that Fastify streams
// brings nine to `close`, and a logger of requests one more.

type Room = Record<'finish' | 'close' | 'connection', number>;

class Mails {
  @SideEffect()
  async send(): Promise<void> {}
}

@Injectable()
class Alarms implements CanActivate {
  constructor(private readonly mails: Mails) {}

  async canActivate(_context: ExecutionContext): Promise<boolean> {
    await this.mails.send();
    return true;
  }
}

@Controller()
class Files {
  @Get()
  @UseGuards(Alarms)
  room(@Res({ passthrough: true }) response: ServerResponse | { raw: ServerResponse }): Room {
    const raw = 'raw' in response ? response.raw : response;
    const socket = raw.socket!;
    return {
      finish: raw.getMaxListeners() - raw.listenerCount('finish'),
      close: raw.getMaxListeners() - raw.listenerCount('close'),
      connection: socket.getMaxListeners() - socket.listenerCount('close'),
    };
  }
}

describe.each(platforms)('when many listen to a response of %s', (_name, platform) => {
  async function roomIn(metadata: ModuleMetadata): Promise<Room> {
    @Module({ ...metadata, controllers: [Files] })
    class AppModule {}
    const app = await NestFactory.create(AppModule, platform(), { logger: false });
    await app.listen(0);
    const answer = await fetch(await app.getUrl());
    await app.close();
    return (await answer.json()) as Room;
  }
  checkForLeaks();

  it('leaves them as much room as without Airlock, before Node warns of a leak', async () => {
    const plain = await roomIn({
      providers: [{ provide: Mails, useValue: { send: async () => {} } }],
    });
    const room = await roomIn({ imports: [AirlockModule.forRoot()], providers: [Mails] });
    expect(room.finish).toBeGreaterThanOrEqual(plain.finish);
    expect(room.close).toBeGreaterThanOrEqual(plain.close);
    expect(room.connection).toBeGreaterThanOrEqual(plain.connection);
  });
});
