import { Controller, Injectable, Post } from '@nestjs/common';
import { AirlockService, SideEffect } from 'nestjs-airlock';
import { carryCls } from 'nestjs-airlock/cls';
import { ClsModule, ClsService } from 'nestjs-cls';
import { describeWith } from '../../servers.js';
import { Bench, server, until } from '../bullmq/fixtures.js';
import { checkAfterEach, listen, platforms } from '../../e2e/http/fixtures.js';

@Injectable()
class Letters {
  readonly seen: unknown[] = [];

  constructor(private readonly cls: ClsService) {}

  @SideEffect()
  async write(): Promise<void> {
    this.seen.push([this.cls.get('tenant'), this.cls.get('locale'), this.cls.get('secret')]);
  }
}

describe('when the keys are wrong', () => {
  it.each([[[]], [['']], [[7]]])('refuses %j', (keys) => {
    expect(() => carryCls(...(keys as string[]))).toThrow(
      'Expected `keys` to be the keys of values in nestjs-cls, each a non-empty string',
    );
  });
});

describe('when values arrive that nobody has named', () => {
  it('restores the named ones alone', async () => {
    const { ClsServiceManager } = await import('nestjs-cls');
    const cls = ClsServiceManager.getClsService();
    const seen = carryCls('tenant').restore(
      { tenant: 'acme', role: 'admin' },
      () => [cls.get('tenant'), cls.get('role')],
      {
        id: '1',
        name: 'write',
      },
    );
    expect(seen).toEqual(['acme', undefined]);
  });
});

describe.each(platforms)('when an effect runs after the response, on %s', (_name, platform) => {
  checkAfterEach();

  @Controller()
  class LettersController {
    constructor(
      private readonly letters: Letters,
      private readonly cls: ClsService,
    ) {}

    @Post()
    async write(): Promise<void> {
      await this.letters.write();
      this.cls.set('tenant', 'changed after the call');
    }
  }

  it('has the values as they were at the call', async () => {
    const cls = ClsModule.forRoot({
      global: true,
      middleware: {
        mount: true,
        setup: (store, request: { headers: Record<string, unknown> }) =>
          store.set('tenant', request.headers['x-tenant']),
      },
    });
    const { app, request, fate } = await listen(
      platform,
      { imports: [cls], controllers: [LettersController], providers: [Letters] },
      { dispatch: 'afterResponse', context: [carryCls('tenant', 'locale')] },
    );
    await Promise.all(
      ['acme', 'umbrella'].map((tenant) =>
        request('/', { method: 'POST', headers: { 'x-tenant': tenant } }),
      ),
    );
    await fate();
    expect(new Set(app.get(Letters).seen)).toEqual(
      new Set([
        ['acme', undefined, undefined],
        ['umbrella', undefined, undefined],
      ]),
    );
  });
});

describeWith(server, 'when an effect runs in a worker', () => {
  const bench = new Bench();
  const application = {
    airlock: { context: [carryCls('tenant', 'locale')] },
    imports: [ClsModule.forRoot({ global: true })],
    providers: [Letters],
  };

  it('has the values of its call there, and those alone that were named', async () => {
    const producer = await bench.producer(application);
    const worker = await bench.worker(application);
    const cls = producer.get(ClsService);
    await producer.get(AirlockService).run(async () => {
      for (const tenant of ['acme', 'umbrella'])
        await cls.run(async () => {
          cls.set('tenant', tenant);
          cls.set('secret', 'of the request');
          await producer.get(Letters).write();
        });
    });
    await until(() => worker.get(Letters).seen.length === 2);
    expect(worker.get(Letters).seen).toEqual([
      ['acme', undefined, undefined],
      ['umbrella', undefined, undefined],
    ]);
  });
});
