import { Controller, Get, Inject, Injectable, Res } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Response } from 'express';
import { type AirlockModuleOptions, enqueue } from 'nestjs-airlock';
import { checkAfterEach, listen } from '../e2e/http/fixtures.js';
import { send, sent } from '../unit/core/fixtures.js';

// A handler that calls no effect itself opens no scope. What its listeners call later goes as that
// scope would have gone.

let goOn: () => void;

@Injectable()
class Listener {
  @OnEvent('asked')
  async onAsked(): Promise<void> {
    await new Promise<void>((resolve) => (goOn = resolve));
    enqueue(send, 'by the listener');
  }
}

@Controller()
class Asking {
  constructor(@Inject(EventEmitter2) private readonly events: EventEmitter2) {}

  @Get('fine')
  fine(): string {
    this.events.emit('asked');
    return 'fine';
  }

  @Get('not-found')
  notFound(@Res({ passthrough: true }) response: Response): string {
    response.status(404);
    this.events.emit('asked');
    return 'not found';
  }
}

checkAfterEach();
beforeEach(() => {
  sent.length = 0;
});

describe('when a listener goes on after its handler, which has called no effect', () => {
  const ask = async (
    path: string,
    options: AirlockModuleOptions = {},
  ): Promise<readonly unknown[]> => {
    const { request, fate } = await listen(
      () => new ExpressAdapter(),
      { imports: [EventEmitterModule.forRoot()], controllers: [Asking], providers: [Listener] },
      options,
    );
    await request(path);
    goOn();
    await new Promise((resolve) => setImmediate(resolve));
    await fate();
    return [...sent];
  };

  describe.each(['beforeResponse', 'afterResponse'] as const)('dispatching %s', (dispatch) => {
    it('lets its effects out where the handler has completed', async () => {
      expect(await ask('/fine', { dispatch })).toEqual(['by the listener']);
    });

    it('drops them where the handler has answered with a failure', async () => {
      expect(await ask('/not-found', { dispatch })).toEqual([]);
    });
  });

  it('drops them where `shouldFlush` says so', async () => {
    expect(await ask('/fine', { boundaries: { http: { shouldFlush: () => false } } })).toEqual([]);
  });

  it('drops them, and reports it, where `shouldFlush` throws', async () => {
    const shouldFlush = (): boolean => {
      throw new Error('no idea');
    };
    expect(await ask('/fine', { boundaries: { http: { shouldFlush } } })).toEqual([]);
  });
});
