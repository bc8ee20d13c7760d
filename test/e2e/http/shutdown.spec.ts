import { Controller, Get, Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { AirlockService, type AirlockModuleOptions, EffectBuffer } from 'nestjs-airlock';
import { get } from 'node:http';
import { checkAfterEach, delay, Effects, gate, listen, platforms, until } from './fixtures.js';

@Injectable()
class Slow implements OnApplicationShutdown {
  readonly begun = gate();
  readonly gate = gate();
  readonly order: string[] = [];
  constructor(@Inject(EffectBuffer) private readonly buffer: EffectBuffer) {}
  enqueue(): void {
    const slowMail = async (): Promise<void> => {
      this.begun.open();
      await this.gate.passed;
      this.order.push('slow mail out');
    };
    this.buffer.enqueue(slowMail);
  }
  onApplicationShutdown(): void {
    this.order.push('onApplicationShutdown');
  }
}

@Controller()
class ShutdownController {
  constructor(
    private readonly slow: Slow,
    private readonly effects: Effects,
    @Inject(AirlockService) private readonly airlock: AirlockService,
  ) {}
  @Get('slow')
  enqueue() {
    this.slow.enqueue();
    this.effects.one('behind it');
    return 'accepted';
  }
  @Get('working')
  async working() {
    this.effects.one('before');
    this.slow.begun.open();
    await this.slow.gate.passed;
    await this.airlock.run(() => this.effects.one('nested'));
    return 'worked';
  }
  @Get('health')
  health() {
    return 'healthy';
  }
  @Get('quick')
  quick() {
    this.effects.one('quick');
    return 'quick';
  }
}

describe.each(platforms)('on %s', (_name, platform) => {
  checkAfterEach();
  const start = (options: AirlockModuleOptions) =>
    listen(platform, { controllers: [ShutdownController], providers: [Slow] }, options);

  /** Sends a request to an application that is being closed and has another one at work. */
  async function askAtShutdown(path: string, openAt: 'handler' | 'request') {
    const server = await start({ boundaries: { http: { openAt } } });
    const slow = server.app.get(Slow);
    const answering = server.request('/working');
    await slow.begun.passed;
    const closing = server.app.close();
    await delay(20);
    const answer = await server.request(path);
    slow.gate.open();
    await answering;
    await closing;
    return { answer, sent: server.sent };
  }

  describe('when an effect hangs until the shutdown', () => {
    it('stops waiting after shutdownTimeoutMs and logs the scope with what was not out', async () => {
      const server = await start({ dispatch: 'afterResponse', shutdownTimeoutMs: 60 });
      expect((await server.request('/slow')).body).toBe('accepted');
      const slow = server.app.get(Slow);
      await slow.begun.passed;
      const startedAt = performance.now();
      await server.app.close();
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(55);
      expect(performance.now() - startedAt).toBeLessThan(5_000);
      expect(server.log.airlock('error')).toEqual([
        'Shutting down with scopes that did not end within 60 ms (`shutdownTimeoutMs`): ' +
          '"ShutdownController.enqueue" (flushed, not out: slowMail, behind it)',
      ]);
      slow.gate.open();
      await server.fate();
    });

    it('names it also while the client waits for its answer', async () => {
      const server = await start({ shutdownTimeoutMs: 60 });
      const client = get(`${server.url}/slow`).on('error', () => {});
      const slow = server.app.get(Slow);
      await slow.begun.passed;
      const closing = server.app.close();
      await until(() => server.log.airlock('error').length > 0);
      expect(server.log.airlock('error')).toEqual([
        expect.stringContaining('not out: slowMail, behind it'),
      ]);
      client.destroy();
      slow.gate.open();
      await closing;
    });
  });

  describe('when a request is at work at the shutdown', () => {
    it('finishes it with its effects, nested scopes included, before onApplicationShutdown', async () => {
      const server = await start({});
      const slow = server.app.get(Slow);
      const answering = server.request('/working');
      await slow.begun.passed;
      const closing = server.app.close();
      await delay(20);
      expect(slow.order).toEqual([]);
      slow.gate.open();
      expect(await answering).toMatchObject({ status: 200, body: 'worked' });
      await closing;
      expect(server.sent).toEqual(['before', 'nested']);
      expect(slow.order).toEqual(['onApplicationShutdown']);
      expect(server.log.airlock('error')).toEqual([]);
    });

    it.each(['handler', 'request'] as const)(
      "answers new requests with 503 under openAt: '%s'",
      async (openAt) => {
        const { answer, sent } = await askAtShutdown('/quick', openAt);
        expect(answer.status).toBe(503);
        expect(sent).toEqual(['before', 'nested']);
      },
    );

    it.each(['handler', 'request'] as const)(
      "answers those that call no effect as ever under openAt: '%s'",
      async (openAt) => {
        const { answer } = await askAtShutdown('/health', openAt);
        expect(answer).toMatchObject({ status: 200, body: 'healthy' });
      },
    );
  });
});
